"""Static files are sent without comments but otherwise complete, and their imports exist."""

import posixpath
import re

import pytest

from livechat.web.assets import FOLDER, MINIFIERS, read, read_minified, sources

minify_script, minify_sheet = MINIFIERS[".js"], MINIFIERS[".css"]
SENT = read_minified()
WRITTEN = {name: read(paths) for name, paths in sources().items()}
SCRIPTS, SHEETS = (
    [name for name in sorted(WRITTEN) if name.endswith(kind)] for kind in (".js", ".css")
)
_COMMENT = re.compile(r"(?:^|(?<=[\s(\[]))(?:/\*.*?\*/|//[^\n]*)", re.DOTALL)


def letters(source):
    """Return the source without comments and white space. (None of our strings has `//` after a space.)"""
    return re.sub(r"\s", "", _COMMENT.sub("", source))


def test_comments_and_needless_spaces_are_removed():
    source = "// one\n  let a = 1; // two\n/**\n * three\n */\nlet b = a; /* four */\n"
    assert minify_script(source) == "let a=1;let b=a;"
    assert minify_script("f(/** @type {X} */ (y), /** @type {Z} */ (a));") == "f((y),(a));"
    assert minify_sheet("/* one */\na:hover,\nb {\n  width: calc(1px + 2px);\n}\n") == (
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
def test_text_that_resembles_a_comment_or_needless_space_stays(source):
    assert minify_script(source) == source


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_minified_script_is_the_same_script(name):
    assert letters(SENT[name]) == letters(WRITTEN[name])
    assert "@type" not in SENT[name]
    assert "@param" not in SENT[name]


@pytest.mark.parametrize("name", SHEETS)
def test_a_minified_style_sheet_has_the_same_declarations(name):
    assert SENT[name].count("{") == letters(WRITTEN[name]).count("{")


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_import_of_a_script_exists(name):
    for imported in re.findall(r"""(?:from|import)\s*\(?["'`](\.[^"'`$]+)""", SENT[name]):
        assert posixpath.normpath(posixpath.join(posixpath.dirname(name), imported)) in SENT


def test_every_file_is_sent():
    written = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert written <= set(SENT)
