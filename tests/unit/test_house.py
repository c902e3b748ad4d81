"""The layout rules: each room's docstring names its files, and files and views stay short."""

import ast
import re
from pathlib import Path

import pytest

import livechat

ROOT = Path(livechat.__file__).parent
ROOMS = sorted(
    file.parent for file in ROOT.rglob("__init__.py") if file.parent not in {ROOT, ROOT / "views"}
)
LONGEST_FILE, LONGEST_VIEW = 300, 15
LISTED = re.compile(r"^([a-z_]+)(?:\.py)?  +\S", re.MULTILINE)


def name(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("room", [*ROOMS, ROOT / "views"], ids=name)
def test_a_rooms_docstring_names_each_of_its_files(room):
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text("utf-8"))) or ""
    files = {file.stem for file in room.glob("*.py")} - {"__init__", "__main__"}
    assert set(LISTED.findall(said)) == files


def test_files_stay_short():
    files = [file for kind in ("py", "js", "css", "jinja2") for file in ROOT.rglob(f"*.{kind}")]
    assert files
    long = {name(file): len(file.read_text("utf-8").splitlines()) for file in files}
    assert {file: lines for file, lines in long.items() if lines > LONGEST_FILE} == {}


def views():
    for file in sorted((ROOT / "views").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(
                "view" in ast.unparse(decorator) for decorator in node.decorator_list
            ):
                yield file, node


def test_views_stay_short():
    found = list(views())
    assert len(found) > 50
    long = {}
    for file, view in found:
        body = view.body[1:] if ast.get_docstring(view) else view.body
        lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
        if lines >= LONGEST_VIEW:
            long[f"{name(file)}:{view.name}"] = lines
    assert long == {}
