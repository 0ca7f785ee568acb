"""Several runs at once: hostile files, what is checked first, one failure among others, nothing twice."""

import json
import shutil

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from poster_analysis.cli import main
from poster_analysis.core.errors import InputError, RunError
from poster_analysis.core.files import read_table
from poster_analysis.reports import run as reports
from poster_analysis.study.parameters import Parameters
from poster_analysis.study.run import (
    Run,
    runs,
)
from poster_analysis.study.stages.analysis import Analysis
from poster_analysis.study.stages.extraction import run_extraction
from poster_analysis.workflow import batches, pipeline
from poster_analysis.workflow.batches import planned_runs, read_runs, report_each, run_batch

STUDY = Parameters("posters", backbone="colour")
BOMB = "a: &a [x, x]\n" + "\n".join(
    f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcd", "bcde", strict=True)
)


def write(folder, text):
    """A file of runs."""
    path = folder / "runs.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(path, call=planned_runs, *arguments):
    """The one line with which a file is refused."""
    with pytest.raises(InputError) as caught:
        call(path, *arguments)
    message = str(caught.value)
    assert (
        "\n" not in message
        and message.startswith(str(path))
        and len(message) < 1500 + len(str(path))
    )
    return message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no runs"),
        ("just words", "names no runs"),
        ("[1, 2]", "names no runs"),
        ("a:", "has no parameters below it"),
        ("a: 5", "has no parameters below it"),
        ("12: {k_max: 9}", "12 is not a text"),
        ("yes: {k_max: 9}", "True is not a text"),
        (f"{'9' * 5000}: {{k_max: 9}}", "is not a file of runs"),
        ("a: {k_max: 9}\na: {k_max: 8}", "in line 2: 'a' is given twice"),
        ("a: {k_max: 9, k_max: 8}", "'k_max' is given twice"),
        (BOMB, "aliases are not allowed"),
        ("a: &x {k_max: 9}\nb: {<<: *x}", "aliases are not allowed"),
        ("a: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("a: {k_max: 9", "in line"),
        ("? [1, 2]\n: {k_max: 9}", "is not a file of runs"),
        ("[" * 20_000, "is not a file of runs"),
        ("a: {k_max: 9}\n" + "#" * 70_000, "too large"),
        (b"\xff\xfe\x00", "is not a file of runs"),
        (b"a: {k_max: \x00}", "is not a file of runs"),
        ("\n".join(f"r{n}: {{k_max: 9}}" for n in range(101)), "names 101 runs"),
        ("a: {k_max: 9}\n---\nb: {k_max: 8}", "is not a file of runs"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused_in_one_line(tmp_path, text, said):
    assert said in refused(write(tmp_path, text), read_runs)


@pytest.mark.parametrize("path", ["missing.yml", ""])
def test_a_file_that_cannot_be_read_is_named(tmp_path, path):
    assert "cannot be read" in refused(tmp_path / path, read_runs)


@settings(max_examples=60)
@given(st.one_of(st.binary(max_size=200), st.text(alphabet="a:{}[]&*!? -\n\"'|>#1.", max_size=60)))
def test_any_bytes_are_runs_or_one_line(tmp_path_factory, data):
    path = write(tmp_path_factory.getbasetemp(), data)
    try:
        found = read_runs(path)
        assert found and all(isinstance(name, str) and found[name] for name in found)
    except InputError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("../a: {k_max: 9}", "cannot name a run"),
        ("'': {k_max: 9}", "it has no name"),
        (f"{'n' * 500}: {{k_max: 9}}", "too long"),
        ("a: {k_max: 9}\nA: {k_max: 8}", "but for capitals"),
        ("a: {kmax: 9}", "did you mean k_max?"),
        ("a: {posters: elsewhere}", "no parameter 'posters' in which runs may differ"),
        ("a: {k_max: nine}", "k_max must be a whole number, not 'nine'"),
        ("a: {k_max: yes}", "a whole number, not True"),
        ("a: {k_max: 9.0}", "a whole number, not 9.0"),
        ("a: {k_max: null}", "a whole number, not None"),
        (f"a: {{k_max: {'9' * 400}}}", "k_max must be a whole number"),
        ("a: {memory_budget: .inf}", "memory_budget must be a number or null, not inf"),
        ("a: {memory_budget: .nan}", "memory_budget must be a number or null, not nan"),
        ("a: {layer: no}", "a text or null, not False"),
        ("a: {sample: [9]}", "a whole number or null, not [9]"),
        ("a: {films: Heat}", "films must be a list, each item a text"),
        ("a: {variance_tried: [0.5, x]}", "a list, each item a number"),
        ("a: {k_min: 30}", "runs backwards"),
        ("a: {n_init: 0}", "n_init is 0; valid values are 1 and more"),
        ("a: {n_null: 3}", "valid values are 19 and more, or 0"),
        ("a: {n_references: 3}", "n_null is 3; valid values are 19 and more, or 0"),
        ("a: {n_references: 39, n_null: 39}", "n_null is given twice, once by its earlier name"),
        ("a: {backbone: vgg61}", "backbone is 'vgg61'; valid are colour, vgg16"),
        ("a: {pooling: mean}", "valid are flatten, average"),
        ("a: {resize: bent}", "valid are nearest"),
    ],
)
def test_every_name_and_value_is_checked_and_said_with_file_and_run(tmp_path, text, said):
    message = refused(write(tmp_path, f"first: {{k_max: 7}}\n{text}"), planned_runs, STUDY)
    assert said in message and ": run " in message


def test_a_run_is_the_study_with_its_changes(tmp_path):
    text = "a: {k_max: 9, sample: null, memory_budget: 2, films: ['7'], n_components_tried: [3, 4]}"
    planned = planned_runs(write(tmp_path, text), STUDY)
    expected = STUDY.changed(k_max=9, memory_budget=2, films=("7",), n_components_tried=(3, 4))
    assert planned == {"a": expected}


def test_a_parameter_may_have_the_name_of_an_earlier_version(tmp_path):
    planned = planned_runs(write(tmp_path, "a: {n_references: 39, k_max: 9}"), STUDY)
    assert planned == {"a": STUDY.changed(n_null=39, k_max=9)}


def test_more_clusters_than_posters_are_found_before_anything_runs(tmp_path, small_parameters, monkeypatch):  # fmt: skip
    monkeypatch.setattr(batches, "run_study", lambda *_, **__: pytest.fail("something ran"))
    path = write(tmp_path, "good: {k_max: 6}\nfew: {limit: 10, k_max: 12}")
    with pytest.raises(InputError, match="run 'few': k_max is 12 but there are only 10 posters"):
        run_batch(small_parameters, tmp_path / "out", path)
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def batch(small_parameters, tmp_path_factory):
    """A study with a run that works and one that fails; for speed in one space, without reports of single runs."""
    folder = tmp_path_factory.mktemp("batch")
    parameters = small_parameters.changed(
        n_null=0, n_init=1, n_splits=1, k_max=4, n_clusters=3, n_components_tried=(), variance_tried=()
    )  # fmt: skip
    text = "average: {pooling: average, k_max: 5}\nbroken: {layer: nowhere}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "_write_reports", lambda *_: None)
        patch.setattr(Analysis, "spaces", ("pca",))
        with pytest.raises(RunError) as caught:
            run_batch(parameters, folder / "out", write(folder, text))
        text = text.replace("\nbroken: {layer: nowhere}", "")
        again = run_batch(parameters, folder / "out", write(folder, text))
    return folder / "out", str(caught.value), again


def test_a_run_that_fails_is_named_and_stops_no_other(batch):
    out, message, _ = batch
    assert message.startswith("1 of 3 runs failed: run broken: colour has no layers")
    assert message.endswith("the others are finished") and "\n" not in message
    assert [run.name for run in runs(out)] == ["", "average"]
    assert all(run.finished("neighbours") for run in runs(out))
    assert RunError.exit_code == 1


def test_what_is_up_to_date_is_not_done_again(batch):
    _, _, again = batch
    assert [(one.title, one.state) for one in again] == [
        ("the study", "up to date"),
        ("run average", "up to date"),
    ]


def test_the_runs_of_a_batch_are_compared(batch):
    out, _, _ = batch
    notebook = nbformat.read(out / "notebooks" / "comparison_pca.ipynb", as_version=4)
    shown = json.dumps([cell.get("outputs", []) for cell in notebook.cells])
    assert "The runs differ in" in shown and "image/png" in shown
    assert "keep fewer than half of their cluster mates" in shown and "nearest neighbours" in shown
    table = read_table(out / "tables" / "runs_agreement_pca.csv")
    assert table[["run_a", "run_b"]].to_numpy().tolist() == [["the study", "average"]]
    assert (out / "site" / "study" / "comparison_pca.html").is_file()


def test_the_comparison_is_that_of_the_saved_labels(batch):
    out, _, _ = batch
    a, b = (Run(out, name).table("clusters_pca").set_index("imdb_id")["cluster"] for name in ("", "average"))  # fmt: skip
    kept = read_table(out / "tables" / "runs_cluster_mates_pca.csv")
    kept = kept[kept["run_b"] == "average"].set_index("imdb_id")
    assert len(kept) == len(a) == len(b)
    for imdb_id in list(a.index)[:10]:
        mates = [set(one.index[one == one[imdb_id]]) - {imdb_id} for one in (a, b)]
        either = mates[0] | mates[1]
        share = len(mates[0] & mates[1]) / len(either) if either else 1
        assert kept.loc[imdb_id, "jaccard"] == pytest.approx(share)


def test_a_comparison_of_named_runs_makes_no_run_and_spoils_no_other(batch, capsys):
    out, _, _ = batch
    before = (out / "notebooks" / "comparison_pca.ipynb").read_bytes()
    words = [
        "report",
        "comparison",
        "--out",
        str(out),
        "-p",
        "runs",
        "average",
        "-p",
        "runs",
        "the study",
    ]
    assert main([*words, "-p", "n_neighbors", "2"]) == 0
    path = out / "notebooks" / "comparison_average-study_pca.ipynb"
    assert capsys.readouterr().out.strip() == str(path) and path.is_file()
    assert (out / "notebooks" / "comparison_pca.ipynb").read_bytes() == before
    assert len(runs(out)) == 2
    assert main([*words, "-p", "runs", "nowhere"]) == 2
    assert "there is no run 'nowhere'" in capsys.readouterr().err


@pytest.fixture(scope="module")
def extracted(small_parameters, tmp_path_factory):
    """A study of which only features are known."""
    out = tmp_path_factory.mktemp("extracted") / "out"
    run_extraction(small_parameters.changed(n_null=0), out)
    return out


def test_each_value_has_a_report_and_one_failure_stops_no_other(extracted, monkeypatch, tmp_path):
    asked = []

    def fake(notebook, study, *, parameters):
        asked.append(parameters)
        if parameters["k_max"] == "4":
            raise RunError("no room")
        return tmp_path

    monkeypatch.setattr(batches, "run_report", fake)
    values = {"space": ["raw"], "k_max": ["4", "5"], "k_min": ["2", "3"]}
    with pytest.raises(RunError) as caught:
        report_each("clustering", extracted, parameters=values)
    assert len(asked) == 4 and {"space": "raw", "k_max": "5", "k_min": "3"} in asked
    assert str(caught.value) == (
        "2 of 4 reports failed: k_max=4, k_min=2: no room; k_max=4, k_min=3: no room; the others are finished"
    )


@pytest.mark.parametrize(
    ("notebook", "values", "said"),
    [
        ("clustering", {"k_max": ["4", "five"]}, "k_max of the report clustering must be"),
        ("clustering", {"k_max": ["4", "400"]}, "k_max is 400 but there are only"),
        ("clustering", {"kmax": ["4", "5"]}, "did you mean k_max?"),
        ("clustering", {"k_max": ["4", "4"]}, "same value twice"),
        ("clustering", {"k_max": list(range(200))}, "these are 200 reports"),
        ("clustering", {"name": ["a", "b"]}, "written to the same place"),
        ("comparison", {"n_neighbors": ["2", "3"]}, "written to the same place"),
    ],
)
def test_each_is_checked_before_anything_runs(extracted, monkeypatch, notebook, values, said):
    monkeypatch.setattr(batches, "run_report", lambda *_, **__: pytest.fail("something ran"))
    with pytest.raises(InputError, match=said.replace("?", r"\?")):
        report_each(notebook, extracted, parameters=values)
    assert len(runs(extracted)) == 1


@pytest.mark.parametrize("taken", ["n_null", "n_references"])
@pytest.mark.parametrize("each", [[], ["--each"]])
def test_a_report_takes_a_parameter_by_its_earlier_name(
    extracted, tmp_path, monkeypatch, capsys, taken, each
):
    out, own, jobs = tmp_path / "out", tmp_path / "own.ipynb", []
    shutil.copytree(extracted, out)
    cell = new_code_cell(f'study = ""\n{taken} = 0', metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[cell]), own)
    monkeypatch.setattr(reports, "run_reports", jobs.extend)
    words = ["report", str(own), "--out", str(out), *each]
    assert main([*words, "-p", "n_references", "19"]) == 0
    (job,) = jobs
    assert job.parameters == {"study": str(out / "runs" / "n_null=19"), taken: 19}
    assert runs(out)[-1].parameters.n_null == 19
    capsys.readouterr()
    if taken == "n_null":
        assert main([*words, "-p", "n_references", "19", "-p", "n_null", "19"]) == 2
        assert "n_null is given twice" in capsys.readouterr().err


def test_exit_codes_of_the_command_line(extracted, drawn, tmp_path, capsys, monkeypatch):
    words = [
        "study",
        "--posters",
        str(drawn.posters),
        "--out",
        str(tmp_path / "out"),
        "--backbone",
        "colour",
    ]
    words += ["--k-max", "4", "--k-min", "2", "--n-clusters", "3", "--n-components", "4"]
    path = str(write(tmp_path, "a: {kmax: 9}"))
    assert main([*words, "--runs", path]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main([*words, "--runs", path, "--name", "b"]) == 2
    assert "leave out --name" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

    def fails(*_, **__):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(batches, "run_study", fails)
    path = str(write(tmp_path, "a: {k_max: 5}"))
    assert main([*words, "--runs", path]) == 1
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "2 of 2 runs failed: the study: ZeroDivisionError: by zero; run a: " in line
    assert main(["report", "clustering", "--out", str(extracted), "--each", "--name", "x"]) == 2


def test_a_report_on_one_run_says_that_there_is_nothing_to_compare(extracted, capsys):
    assert main(["report", "comparison", "--out", str(extracted)]) == 0
    path = capsys.readouterr().out.strip()
    text = json.dumps(nbformat.read(path, as_version=4))
    assert "so there is nothing to compare" in text
