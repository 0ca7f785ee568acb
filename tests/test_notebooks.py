"""The notebooks are the source: the modules, the reports and what is stored, checked against them."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from poster_analysis.reports.parameters import parameters_of

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted((ROOT / "nbs").rglob("[!.]*.ipynb"))
REPORTS = sorted((ROOT / "reports").glob("*.ipynb"))
SOMEWHERE = re.compile(
    r"(?<![\w./-])/(home|Users|root|tmp|work|private|var|opt)/[\w.-]+|[A-Z]:\\\\"
)


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
    assert sorted(fresh) == sorted(kept), "a module without its notebook, or the other way round"
    assert [module for module in fresh if fresh[module] != kept[module]] == [], "run: make export"


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_chapter_begins_with_its_title_one_sentence_and_its_module(path):
    opening, module, *_ = cells_of(path)
    assert re.fullmatch(r"# .+\n\n> (.+\n)*.+[.!?]", "".join(opening["source"])), (
        "title, then > sentence"
    )
    folder = path.relative_to(ROOT / "nbs").parent
    stem = path.stem.partition("_")[2] if path.stem[:2].isdigit() else path.stem
    name = ".".join((folder / stem).parts)
    assert "".join(module["source"]) == f"#| default_exp {name}"


@pytest.mark.parametrize("path", [*CHAPTERS, *REPORTS], ids=name)
def test_a_notebook_is_kept_clean(path):
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info"}
    assert len(text.encode()) < 500_000
    assert str(ROOT) not in text and str(Path.home()) + "/" not in text
    for cell in notebook["cells"]:
        assert set(cell["metadata"]) <= {"tags"}
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
    for path in [*CHAPTERS, *REPORTS]:
        ids = [cell["id"] for cell in cells_of(path)]
        assert len(ids) == len(set(ids)), path.name


def test_there_are_reports():
    assert [path.stem for path in REPORTS] == [
        "clustering",
        "comparison",
        "extraction",
        "reduction",
        "similarity",
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
