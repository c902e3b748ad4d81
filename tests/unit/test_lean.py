"""Sources are sent without their comments, and with everything else."""

import re
from pathlib import Path

import pytest

import livechat
from livechat.lean import without_comments

STATIC = Path(livechat.__file__).parent / "static"
SOURCES = sorted(path for kind in ("js", "css") for path in STATIC.rglob(f"*.{kind}"))


def test_comments_and_indentation_go_and_line_numbers_stay():
    source = "// one\n  let a = 1; // two\n/**\n * three\n */\nlet b = a; /* four */\n"
    assert without_comments(source) == "\nlet a = 1;\n\n\n\nlet b = a;\n"


def test_code_behind_a_comment_stays():
    assert without_comments("  /** @type {X} */ (y).z();") == "(y).z();"
    assert without_comments("/* a\n b */ let c;") == "\nlet c;"
    assert without_comments("f(/** @type {X} */ (y), /** @type {Z} */ (a));") == "f((y), (a));"


def test_what_only_looks_like_a_comment_stays():
    source = (
        'const a = "// no";\nconst b = "https://shop.example/*";\nx = y / 2;\n'
        "const c = 'one // two';\nconst d = `one // two`;\nconst e = 'a' + 'b // c' + \"/* d */\";\n"
    )
    assert without_comments(source) == source


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_no_template_string_of_ours_has_a_line_that_looks_like_a_comment(path):
    lean = re.sub(r"//.*|/\*.*?\*/", "", without_comments(path.read_text("utf-8")))
    assert lean.count("`") % 2 == 0
    for text in re.findall(r"`[^`]*`", path.read_text("utf-8")):
        lines = text.split("\n")[1:]
        in_comment = all(line.strip().startswith(("*", "//")) for line in lines)
        assert in_comment or not any(
            re.search(r"^\s*(//|/\*)|\s//\s|\*/\s*$", line) for line in lines
        )


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_no_string_of_ours_has_a_type_in_it(path):
    for before in re.findall(r"(?m)^(.*)/\*\* @", path.read_text("utf-8")):
        assert not any(before.count(quote) % 2 for quote in "'\"`")


def test_a_lean_script_is_the_same_script():
    for path in STATIC.rglob("*.js"):
        lean = without_comments(path.read_text("utf-8"))
        assert lean.count("\n") == path.read_text("utf-8").count("\n")
        assert "@type" not in lean
        assert "@param" not in lean
