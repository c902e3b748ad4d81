"""Sources are sent without their comments, and with everything else."""

import re
from pathlib import Path

import pytest

import livechat
from livechat.web.minify import lean_script, lean_sheet

STATIC = Path(livechat.__file__).parent / "static"
SCRIPTS, SHEETS = (sorted(STATIC.rglob(f"*.{kind}")) for kind in ("js", "css"))
_COMMENT = re.compile(r"(?:^|(?<=[\s(\[]))(?:/\*.*?\*/|//[^\n]*)", re.DOTALL)


def name(path):
    return path.relative_to(STATIC).as_posix()


def letters(source):
    """What is left without comments and white space. (No string of ours has `//` behind a space.)"""
    return re.sub(r"\s", "", _COMMENT.sub("", source))


def test_comments_and_needless_spaces_go():
    source = "// one\n  let a = 1; // two\n/**\n * three\n */\nlet b = a; /* four */\n"
    assert lean_script(source) == "let a=1;let b=a;"
    assert lean_script("f(/** @type {X} */ (y), /** @type {Z} */ (a));") == "f((y),(a));"
    assert lean_sheet("/* one */\na:hover,\nb {\n  width: calc(1px + 2px);\n}\n") == (
        "a:hover,b{width:calc(1px + 2px)}"
    )


@pytest.mark.parametrize(
    "source",
    [
        'a="// no";',
        'b="https://shop.example/*";',
        "c='one // two';",
        "d=`one // two  ${three /* four */ }`;",
        "e=/[/*]  \\/\\/ '/.test(f);",
        "return/ {2}/",
    ],
)
def test_what_only_looks_like_a_comment_or_a_needless_space_stays(source):
    assert lean_script(source) == source


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_a_lean_script_is_the_same_script(path):
    source = path.read_text("utf-8")
    lean = lean_script(source)
    assert letters(lean) == letters(source)
    assert "@type" not in lean
    assert "@param" not in lean


@pytest.mark.parametrize("path", SHEETS, ids=name)
def test_a_lean_sheet_has_the_same_declarations(path):
    assert lean_sheet(path.read_text("utf-8")).count("{") == letters(path.read_text("utf-8")).count(
        "{"
    )
