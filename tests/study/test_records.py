"""A run.json of any version, of any hand: read, or refused in one line; never a way out of its folder."""

import json

import pytest

from poster_analysis.core.errors import InputError
from poster_analysis.study.parameters import Parameters, recorded_parameters
from poster_analysis.study.run import Outcome, Run, open_run

STAGE = {"key": "k", "outputs": {}, "parameters": {}, "findings": [], "facts": {}, "seconds": 1}


@pytest.fixture
def out(tmp_path):
    Run(tmp_path / "out").start(Parameters("posters", k_max=12))
    return tmp_path / "out"


def changed(out, **changes):
    """The record with some of it changed."""
    record = json.loads((out / "run.json").read_text())
    record |= changes
    (out / "run.json").write_text(json.dumps(record))
    return Run(out)


def test_what_another_version_wrote_is_read_and_kept(out):
    parameters = {"posters": "posters", "n_references": 39, "palette": "warm"}
    run = changed(out, parameters=parameters, mood="good", stages={"a": STAGE | {"weight": 3}})
    assert run.parameters == Parameters("posters", n_null=39)
    assert run.finished("a").seconds == 1
    run.start(run.parameters.changed(k_max=9))
    record = json.loads((out / "run.json").read_text())
    assert (record["mood"], record["parameters"]["palette"]) == ("good", "warm")
    assert record["stages"]["a"]["weight"] == 3


@pytest.mark.parametrize("missing", ["stages", "versions", "created", "name", "warnings"])
def test_what_is_missing_is_empty(out, missing):
    record = json.loads((out / "run.json").read_text())
    record.pop(missing, None)
    (out / "run.json").write_text(json.dumps(record))
    run = open_run(out)
    assert run.parameters.k_max == 12 and run.findings() == [] and run.finished("a") is None
    run.stage("a", lambda _: Outcome(["Done."]), parameters={})
    assert run.findings() == ["Done."]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 100_000,
        '{"format": 1, "stages": []}',
        '{"format": 1, "parameters": 3}',
        '{"format": 1, "warnings": "random"}',
        '{"format": 1, "collection": [1]}',
        '{"format": 1, "backbone": "vgg16"}',
        '{"format": 2}',
        '{"format": "1"}',
        "9" * 5000,
        "\ufeff{}",
    ],
    ids=range(11),
)
def test_a_record_that_makes_no_sense_is_refused_in_one_line(out, text):
    (out / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"run\.json") as caught:
        open_run(out)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_a_record_that_is_a_folder_or_no_text_is_refused(out):
    (out / "run.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="damaged"):
        open_run(out)
    (out / "run.json").unlink()
    (out / "run.json").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        open_run(out)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("k_max", "25"),
        ("k_max", None),
        ("k_max", 12.5),
        ("k_max", True),
        ("n_null", [19]),
        ("films", 7),
        ("films", [7]),
        ("memory_budget", "4"),
        ("posters", ["a"]),
        ("variance_tried", [95]),
        ("random_state", 2**40),
        ("k_min", 1),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_file(out, name, value):
    run = changed(out, parameters={"posters": "posters", "k_max": 12, name: value})
    with pytest.raises(InputError, match=name) as caught:
        run.parameters  # noqa: B018
    assert "run.json" in str(caught.value) and "\n" not in str(caught.value)


def test_all_values_that_cannot_be_are_told_together():
    with pytest.raises(InputError, match=r"2 things.*k_max.*films"):
        recorded_parameters({"posters": "p", "k_max": "x", "films": 7})
    with pytest.raises(InputError, match=r"3 things.*sample.*n_init.*memory_budget"):
        Parameters("p", sample=0, n_init=0, memory_budget=float("nan"))
    with pytest.raises(InputError, match="where the posters are"):
        recorded_parameters({"k_max": 12})


@pytest.mark.parametrize(
    "entry",
    [
        None,
        7,
        {},
        {"key": "k"},
        STAGE | {"key": 7},
        STAGE | {"outputs": ["a.csv"]},
        STAGE | {"outputs": {"a.csv": 7}},
        STAGE | {"findings": "none"},
        STAGE | {"findings": [7]},
        STAGE | {"outputs": {"../victim": "x"}},
        STAGE | {"outputs": {"/victim": "x"}},
        STAGE | {"outputs": {"tables/../../victim": "x"}},
        STAGE | {"outputs": {"": "x"}},
    ],
)
def test_a_stage_that_does_not_say_what_was_done_counts_as_not_done(out, entry):
    victim = out.parent / "victim"
    victim.write_text("stays")
    run = changed(out, stages={"a": entry})
    assert run.finished("a") is None and run.findings() == []
    run.stage("a", lambda _: Outcome(["Done."]), parameters={})
    assert run.findings() == ["Done."] and victim.read_text() == "stays"


def test_an_analysis_of_a_run_that_was_given_other_parameters_is_thrown_away(out):
    run = Run(out)
    run.asked = run.record["parameters"]

    def compute(folder):
        (folder / "table.csv").write_text("of k_max 12")
        Run(out).start(Parameters("posters", k_max=9))
        return Outcome()

    with pytest.raises(RuntimeError, match="other parameters"):
        run.stage("a", compute, parameters={})
    assert run.finished("a") is None and not (out / "table.csv").exists()
