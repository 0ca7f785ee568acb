"""A run's folder: keys, damage, crashes, adoption, names."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from poster_analysis.core.errors import InputError
from poster_analysis.study.parameters import (
    Parameters,
)
from poster_analysis.study.run import (
    Outcome,
    Run,
    _workplace,
    derived_run,
    find_study,
    open_run,
    run_folder,
    runs,
)

PARAMETERS = Parameters("posters")


def write(text):
    """A stage that writes one table."""

    def compute(folder):
        (folder / "tables").mkdir()
        (folder / "tables" / "table.csv").write_text(text)
        return Outcome([text.strip()])

    return compute


def refuse(folder):
    raise AssertionError("computed although it was up to date")


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path / "out")
    run.start(PARAMETERS)
    return run


@pytest.mark.parametrize(
    "changes",
    [
        {"k_min": 9, "k_max": 8},
        {"k_min": 1},
        {"n_clusters": 0},
        {"sample": 1},
        {"random_state": -1},
    ],
)
def test_impossible_parameters_are_refused_in_one_line(changes):
    with pytest.raises(InputError) as caught:
        Parameters("posters", **changes)
    assert "\n" not in str(caught.value)
    assert any(name in str(caught.value) for name in changes)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"k_max": 40, "k_min": 2, "n_components": 5}, "k_max"),
        ({"n_clusters": 40, "k_max": 5, "n_components": 5}, "n_clusters"),
        ({"n_components": 41, "k_max": 5}, "n_components"),
        ({"n_neighbors": 40, "k_max": 5, "n_components": 5}, "n_neighbors"),
        ({"sample": 41, "k_max": 5, "n_components": 5}, "sample"),
        ({"sample": 5, "k_max": 5, "n_components": 5, "n_clusters": 2}, "k_max"),
    ],
)
def test_what_forty_posters_cannot_give_is_refused_with_the_range(changes, named):
    with pytest.raises(InputError, match=rf"^{named} is .* valid values are \d+ to \d+$"):
        Parameters("posters", **changes).check_size(40)


def test_sample_does_not_limit_neighbours():
    Parameters("posters", sample=30, k_max=5, n_components=5, n_neighbors=39).check_size(40)


@pytest.mark.parametrize("name", ["..", "a/b", "", " ", "ü", "a" * 101, "-p", "a\nb"])
def test_only_plain_names_name_a_run(tmp_path, name):
    if name == "":
        assert run_folder(tmp_path, name) == tmp_path
    else:
        with pytest.raises(InputError):
            run_folder(tmp_path, name)


def test_a_change_upstream_changes_the_key(run):
    first = run.stage("table", write("a\n"), parameters={}, after=("features-1",))
    second = run.stage("table", write("b\n"), parameters={}, after=("features-2",))
    assert first.key != second.key
    assert (run.folder / "tables" / "table.csv").read_text() == "b\n"


def test_a_stage_that_no_longer_writes_a_file_deletes_it(run):
    def two_files(folder):
        for name in ("old.csv", "kept.csv"):
            (folder / name).write_text(name)
        return Outcome()

    def one_file(folder):
        (folder / "kept.csv").write_text("kept")
        return Outcome()

    run.stage("files", two_files, parameters={"n": 2})
    run.stage("files", one_file, parameters={"n": 1})
    assert not (run.folder / "old.csv").exists()
    assert (run.folder / "kept.csv").read_text() == "kept"


@pytest.mark.parametrize("damage", ["delete", "change"])
def test_a_damaged_file_makes_its_stage_undone(run, damage):
    run.stage("table", write("a\n"), parameters={})
    path = run.folder / "tables" / "table.csv"
    path.unlink() if damage == "delete" else path.write_text("x\n")
    assert not run.stage("table", write("a\n"), parameters={}).was_done
    assert run.stage("table", refuse, parameters={}).was_done


def test_an_adopted_stage_is_independent_of_the_run_it_came_from(run):
    run.stage("table", write("a\n"), parameters={"k": 1})
    other = Run(run.out, "other")
    other.start(PARAMETERS)
    other.stage("table", refuse, parameters={"k": 1})
    run.stage("table", write("b\n"), parameters={"k": 2})
    assert (other.folder / "tables" / "table.csv").read_text() == "a\n"


def test_a_killed_stage_leaves_the_last_complete_one(run, tmp_path):
    run.stage("table", write("whole\n"), parameters={"k": 1})
    script = f"""
import time
from pathlib import Path
from pathlib import Path
from poster_analysis.study.run import Run

def compute(folder):
    (folder / "tables").mkdir()
    (folder / "tables" / "table.csv").write_text("ha")
    Path({str(tmp_path / "started")!r}).touch()
    time.sleep(60)

Run(Path({str(run.out)!r})).stage("table", compute, parameters={{"k": 2}})
"""
    process = subprocess.Popen([sys.executable, "-c", script])
    while not (tmp_path / "started").exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert run.stage("table", refuse, parameters={"k": 1}).table("table").columns.tolist() == [
        "whole"
    ]


def test_a_folder_that_another_process_removes_meanwhile_stops_no_stage(run, monkeypatch):
    run.folder.mkdir(parents=True, exist_ok=True)
    gone = run.folder / ".working-gone"
    listed = Path.glob

    def glob(folder, pattern):
        found = list(listed(folder, pattern))
        return [*found, gone] if pattern.startswith(".working-") else found

    monkeypatch.setattr(Path, "glob", glob)
    assert run.stage("one", lambda folder: Outcome(["done"]), parameters={}).findings == ["done"]
    assert not gone.exists()


def test_processes_that_record_at_once_lose_nothing(run):
    script = """
import sys
from pathlib import Path
from poster_analysis.study.run import Outcome, Run

name = sys.argv[2]
Run(Path(sys.argv[1])).stage(name, lambda folder: Outcome([name]), parameters={})
"""
    names = [f"stage{number}" for number in range(4)]
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(run.out), name]) for name in names
    ]
    assert [process.wait() for process in processes] == [0] * 4
    assert set(names) <= set(run.record["stages"])


def test_a_missing_study_says_how_to_make_one(tmp_path):
    with pytest.raises(InputError, match="poster-analysis study --posters"):
        open_run(tmp_path / "nothing")
    with pytest.raises(InputError, match="holds no study"):
        find_study("nothing")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": 99}'])
def test_a_record_that_is_none_is_named(run, text):
    (run.folder / "run.json").write_text(text)
    with pytest.raises(InputError, match=r"run\.json"):
        open_run(run.folder)


def test_a_derived_run_is_named_after_what_differs_and_keeps_the_original(run):
    derived = derived_run(run.folder, k_min=3, k_max=6)
    assert derived.folder == run.out / "runs" / "k_max=6-k_min=3"
    assert run.parameters == PARAMETERS
    assert derived.parameters == dataclasses.replace(PARAMETERS, k_min=3, k_max=6)
    assert derived_run(run.folder, k_min=3, k_max=6).folder == derived.folder


def test_films_in_any_writing_give_a_name_that_names_a_folder(run):
    derived = derived_run(run.folder, films=["Amélie / <b>", "../.."])
    assert derived.folder.parent == run.out / "runs"
    assert derived.parameters.films == ("Amélie / <b>", "../..")


def test_a_name_in_use_by_other_parameters_is_refused(run):
    derived_run(run.folder, name="mine", k_max=7)
    with pytest.raises(InputError, match="other parameters"):
        derived_run(run.folder, name="mine", k_max=8)


def test_a_run_of_a_run_stays_in_the_same_study(run):
    named = derived_run(run.folder, name="mine", k_max=7)
    derived = derived_run(named.folder, k_min=4)
    assert derived.folder == run.out / "runs" / "mine-k_min=4"
    assert [other.name for other in runs(run.out)] == ["", "mine", "mine-k_min=4"]


def test_an_unknown_parameter_is_refused(run):
    with pytest.raises(InputError, match="kmin"):
        derived_run(run.folder, kmin=4)


def test_the_record_names_the_versions_a_result_depends_on(run):
    record = json.loads((run.folder / "run.json").read_text())
    assert {"poster-analysis", "python", "numpy", "scikit-learn", "keras"} <= set(
        record["versions"]
    )
    assert record["parameters"]["k_max"] == PARAMETERS.k_max


def test_what_killed_processes_left_is_swept_and_what_living_ones_hold_is_not(tmp_path):
    run = Run(tmp_path / "out")
    code = """
import os, signal, sys
from pathlib import Path
from poster_analysis.study.run import _workplace
with _workplace(Path(sys.argv[1])) as place:
    (place / "half.npz").write_bytes(b"half")
    if sys.argv[2] == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    print("ready", flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", code, str(run.out)]
    assert subprocess.run([*command, "dies"]).returncode != 0
    with subprocess.Popen([*command, "lives"], stdin=-1, stdout=-1, text=True) as living:
        assert living.stdout.readline() == "ready\n"
        before = list(run.folder.glob(".working-*"))
        assert len(before) == 1 and (before[0] / "results" / "half.npz").exists()
        (run.folder / ".run-x1.json").write_text("{")
        with _workplace(run.folder) as mine:
            assert sorted(run.folder.glob(".working-*")) == sorted([before[0], mine.parent])
        assert list(run.folder.glob(".working-*")) == before
        assert not (run.folder / ".run-x1.json").exists()
        living.communicate("")
    assert not list(run.folder.glob(".working-*"))
