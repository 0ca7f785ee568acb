"""The notebooks are the source: the modules, the reports and what is stored, checked against them."""

import ast
import base64
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from poster_analysis.reports.parameters import parameters_of

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "nbs").rglob("[!.]*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if path.stem != "index"]
LARGEST_NOTEBOOK, LARGEST_PICTURE, LARGEST_BOOK = 400_000, 60_000, 12_000_000  # bytes
REPORTS = sorted((ROOT / "reports").glob("*.ipynb"))
SOMEWHERE = re.compile(
    r"(?<![\w./-])/(home|Users|root|tmp|work|private|var|opt)/[\w.-]+|[A-Z]:\\\\"
)

_spec = importlib.util.spec_from_file_location("run_notebooks", ROOT / "tools" / "run_notebooks.py")
run_notebooks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(run_notebooks)
is_up_to_date = run_notebooks.is_up_to_date


def name(path):
    return f"{path.parent.name}/{path.name}"


def cells_of(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_the_modules_are_what_the_notebooks_export(tmp_path):
    shutil.copy(ROOT / "settings.ini", tmp_path)
    shutil.copytree(ROOT / "nbs", tmp_path / "nbs")
    export = Path(sys.executable).parent / "nbdev_export"
    subprocess.run([export], cwd=tmp_path, check=True, capture_output=True)
    fresh, kept = (
        {
            path.relative_to(folder).as_posix(): path.read_text()
            for path in (folder / "poster_analysis").rglob("*.py")
        }
        for folder in (tmp_path, ROOT)
    )
    top = "poster_analysis/__init__.py"  # written by hand, but for the version: names that load when used
    assert kept.pop(top).startswith(fresh.pop(top).strip())
    assert sorted(fresh) == sorted(kept), "a module without its notebook, or the other way round"
    assert [module for module in fresh if fresh[module] != kept[module]] == [], "run: make export"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_every_notebook_begins_with_its_title_and_one_sentence(path):
    opening = cells_of(path)[0]
    assert re.fullmatch(r"# .+\n\n> (.+\n)*.+[.!?]", "".join(opening["source"]))


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_chapter_names_its_module(path):
    _, module, *_ = cells_of(path)
    folder = path.relative_to(ROOT / "nbs").parent
    stem = path.stem.partition("_")[2] if path.stem[:2].isdigit() else path.stem
    name = ".".join((folder / stem).parts)
    assert "".join(module["source"]) == f"#| default_exp {name}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_the_outputs_of_a_notebook_are_those_of_its_code(path):
    assert is_up_to_date(path), f"run: python tools/run_notebooks.py {path.relative_to(ROOT)}"


def shows_something(source):
    """Whether a cell ends in an expression whose value a notebook shows."""
    body = ast.parse(source).body
    if not body or not isinstance(body[-1], ast.Expr) or source.rstrip().endswith(";"):
        return False
    value = body[-1].value
    if isinstance(value, ast.Call):
        name = getattr(value.func, "attr", getattr(value.func, "id", ""))
        return not name.startswith("assert_")
    return True


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_what_a_notebook_shows_is_kept(path):
    for cell in cells_of(path):
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and not source.startswith("#| ") and shows_something(source):
            assert cell["outputs"], f"cell {cell['id']} shows nothing: {source[-80:]}"


def pictures(path):
    """The pictures that a notebook keeps, as bytes."""
    for cell in cells_of(path):
        for output in cell.get("outputs", []):
            for kind, data in output.get("data", {}).items():
                if kind.startswith("image/"):
                    yield kind, base64.b64decode("".join(data))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_the_pictures_of_a_notebook_are_small(path):
    assert [len(data) for _, data in pictures(path) if len(data) > LARGEST_PICTURE] == []
    assert {kind for kind, _ in pictures(path)} <= {"image/png", "image/jpeg"}


def test_the_book_is_small():
    assert sum(path.stat().st_size for path in NOTEBOOKS) < LARGEST_BOOK


def test_running_a_notebook_twice_gives_the_same_bytes(tmp_path):
    runner, chapter = (
        ROOT / "tools" / "run_notebooks.py",
        ROOT / "nbs" / "figures" / "01_charts.ipynb",
    )
    (tmp_path / "tools").mkdir()
    copy = shutil.copy(runner, tmp_path / "tools")
    notebooks = [tmp_path / "nbs" / place / chapter.name for place in ("one", "other")]
    for notebook in notebooks:
        notebook.parent.mkdir(parents=True)
        shutil.copy(chapter, notebook)
    subprocess.run(
        [sys.executable, copy, *notebooks],
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
    )
    once, again = (notebook.read_bytes() for notebook in notebooks)
    assert once == again and b"image/png" in once


@pytest.mark.parametrize("path", [*NOTEBOOKS, *REPORTS], ids=name)
def test_a_notebook_is_kept_clean(path):
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info", "executed"}
    assert len(text.encode()) <= LARGEST_NOTEBOOK
    assert str(ROOT) not in text and str(Path.home()) + "/" not in text
    for cell in notebook["cells"]:
        assert set(cell["metadata"]) <= ({"tags", "jupyter"} if path in REPORTS else {"tags"})
        assert cell["metadata"].get("jupyter", {}) in ({}, {"source_hidden": True})
        assert cell.get("execution_count") is None
        for output in cell.get("outputs", []):
            assert output["output_type"] != "error"
            assert output.get("execution_count") is None
            shown = {
                key: text for key, text in output.get("data", {}).items() if key[:5] == "text/"
            }
            found = SOMEWHERE.search(json.dumps([output.get("text", ""), shown]))
            assert not found, f"the path {found[0]} of some machine"


def test_cell_ids_are_unique():
    for path in [*NOTEBOOKS, *REPORTS]:
        ids = [cell["id"] for cell in cells_of(path)]
        assert len(ids) == len(set(ids)), path.name


def test_there_are_reports():
    assert [path.stem for path in REPORTS] == [
        "clustering",
        "comparison",
        "extraction",
        "measures",
        "reduction",
        "similarity",
        "timeline",
    ]


@pytest.mark.parametrize("path", REPORTS, ids=name)
def test_a_report_has_exactly_one_cell_of_parameters_with_plain_defaults(path):
    tagged = [cell for cell in cells_of(path) if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    assert len(parameters_of(path)) == len(
        re.findall(r"^\w+.*=", "".join(tagged[0]["source"]), re.M)
    )


@pytest.mark.parametrize("path", REPORTS, ids=name)
def test_a_report_imports_the_package_and_nothing_that_only_developers_have(path):
    code = "\n".join(
        "".join(cell["source"]) for cell in cells_of(path) if cell["cell_type"] == "code"
    )
    assert "poster_analysis" in code
    assert not re.search(r"^\s*(from|import) (nbdev|fastcore|IPython\.core)", code, re.M)
    assert not re.search(r"^\s*[%!]", code, re.M), "a magic"
