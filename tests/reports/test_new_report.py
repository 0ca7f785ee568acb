"""The template of a report: written once, runs as it is, and is never written over anything."""

import re
import shutil

import nbformat
import papermill
import pytest

from poster_analysis.cli import main
from poster_analysis.core.errors import InputError
from poster_analysis.reports.new import new_report
from poster_analysis.reports.parameters import parameters_of
from poster_analysis.workflow.pipeline import run_report


def test_the_template_is_a_notebook_with_typed_parameters(tmp_path):
    path = new_report(tmp_path / "mine.ipynb")
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert list(notebook.metadata) == ["kernelspec"]
    assert notebook.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and len(cell.source.splitlines()) <= 8 for cell in code)
    known = papermill.inspect_notebook(path)
    assert list(known) == list(parameters_of(path))
    assert all(one["help"] and one["inferred_type_name"] in {"str", "int"} for one in known.values())  # fmt: skip


def test_a_file_that_is_there_is_never_replaced(tmp_path):
    (tmp_path / "mine.ipynb").write_text("all my work")
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.ipynb").mkdir()
    for name in ("mine.ipynb", "link.ipynb", "folder.ipynb"):
        with pytest.raises(InputError, match="is there already and stays as it is"):
            new_report(tmp_path / name)
    assert (tmp_path / "mine.ipynb").read_text() == "all my work"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("study", ["study", 'a "study"', "it's\\a", "études/2026"])
def test_any_study_can_be_named(tmp_path, study):
    assert parameters_of(new_report(tmp_path / "r.ipynb", study=study))["study"] == study


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--new", "mine.txt"], "ends in .ipynb"),
        (["--new", "nowhere/mine.ipynb"], "cannot be written"),
        (["clustering", "--new", "mine.ipynb"], "runs none"),
        (["--new", "mine.ipynb", "-p", "k", "1"], "runs none"),
        (["--new", "mine.ipynb", "--each"], "runs none"),
        ([], "Missing argument 'NOTEBOOK'"),
        (["clustering"], "Missing option '--out'"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, monkeypatch, capsys, words, line):
    monkeypatch.chdir(tmp_path)
    assert main(["report", *words]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and line in printed.err and len(printed.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_template_runs_as_it_is(study, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(study, tmp_path / "study")
    assert main(["report", "--new", "mine.ipynb", "--out", "study"]) == 0
    assert capsys.readouterr().out == "mine.ipynb\n"
    path = run_report("mine.ipynb", tmp_path / "study", parameters={})
    assert path.parent == tmp_path / "study" / "notebooks"
    outputs = [
        output for cell in nbformat.read(path, 4).cells for output in cell.get("outputs", [])
    ]
    assert "error" not in {output.output_type for output in outputs}
    data = [output.data for output in outputs if "data" in output]
    assert sum("image/png" in one for one in data) >= 2
    pages = "".join(one.get("text/html", "") for one in data)
    assert len(re.findall('src="data:image/', pages)) > 12
    assert str(tmp_path) not in path.read_text(encoding="utf-8")
