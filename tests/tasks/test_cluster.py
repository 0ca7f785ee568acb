"""A real scheduler and worker processes: the same bytes as here, whoever is killed, joins late or is restarted."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import wait
from pathlib import Path

import nbformat
import numpy as np
import pytest
from clusters import PATIENCE, RealCluster
from distributed import Client
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image

from poster_analysis.cli import main
from poster_analysis.clustering.chance import evidence
from poster_analysis.clustering.judged import judged
from poster_analysis.clustering.sweep import sweep
from poster_analysis.collection.posters import read_collection
from poster_analysis.core.errors import RunError
from poster_analysis.core.files import read_table
from poster_analysis.distances.measure import measure, row_distances
from poster_analysis.extraction.backbones import load_backbone
from poster_analysis.extraction.extract import extract
from poster_analysis.extraction.store import FeatureStore
from poster_analysis.reduction.spaces import raw_space
from poster_analysis.reports.run import run_report
from poster_analysis.study.run import open_run
from poster_analysis.study.stages import clusters, verdicts
from poster_analysis.tasks.cluster import Cluster, deciding_versions, on_cluster
from poster_analysis.tasks.units import in_units, run_on


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A cluster for all tests of this module."""
    one = RealCluster(tmp_path_factory.mktemp("cluster"))
    yield one
    one.close()


@pytest.fixture
def cluster(running):
    """The cluster without a worker; those that join are gone after the test."""
    yield running
    running.kill(*running.workers)


class Meanwhile(threading.Thread):
    """Calls a function on the cluster while a test goes on."""

    def __init__(self, cluster, function, said=None):
        super().__init__(daemon=True)
        self.cluster = getattr(cluster, "address", cluster)
        self.function, self.said, self.outcome = function, [] if said is None else said, None
        self.start()

    def run(self):
        try:
            with on_cluster(self.cluster, say=self.said.append):
                self.outcome = self.function()
        except BaseException as error:
            self.outcome = error

    def result(self):
        self.join(PATIENCE)
        assert not self.is_alive()
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


# Kinds of work: each a function that gives bytes, and how many units it is


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A collection of 40 small pictures, of which one cannot be read."""
    folder = tmp_path_factory.mktemp("pictures")
    noise = np.random.default_rng(9).integers(256, size=(39, 30, 20, 3), dtype=np.uint8)
    for number, one in enumerate(noise):
        Image.fromarray(one).save(folder / f"{number}.png")
    (folder / "broken.png").write_bytes((folder / "1.png").read_bytes()[:300])
    return read_collection(folder)


@pytest.fixture
def kinds(pictures, tmp_path):
    """The kinds of work, by name."""
    X = np.random.default_rng(9).gamma(0.3, size=(1100, 600)).astype(np.float32)
    X[600:650] = X[:50]
    few, numbers = X[:60], {"k_min": 2, "k_max": 4}
    distances = row_distances(few)
    stores = (tmp_path / f"store-{number}" for number in range(9))

    def batches():
        store = next(stores)
        found = extract(pictures, load_backbone("colour"), store, progress=False)
        with FeatureStore(store, found.backbone.specification) as rows:
            assert (len(rows), found.n_computed, len(found.skipped)) == (39, 39, 1)
        return found.features.digest, found.skipped.to_csv()

    def draws():
        options = {"k_max": 4, "n_null": 2, "n_splits": 2, "n_boot": 2}
        found = evidence(judged(few), {"pca": 3, "nmf": 3}, **options)
        return [(one.draws.to_csv(), one.by_k.to_csv()) for one in found.values()]

    def sweeps():
        found = sweep(raw_space(few), distances, **numbers, n_init=2, n_splits=2)
        return found.table.to_csv(), found.labels.to_csv(), found.silhouettes.to_csv()

    def blocks():
        found = measure(X, n_neighbors=3, threshold=0.5)
        kept = found.distances.squared_normalised.tobytes()
        return kept, found.similarities.tobytes(), found.near_pairs.to_csv()

    return {
        "batches of posters": (batches, 3),
        "draws of null models": (draws, 5 + 2 * (2 + 2)),
        "sweeps": (sweeps, 3 + 4),
        "blocks of distances": (blocks, 3),
    }


KINDS = ("batches of posters", "draws of null models", "sweeps", "blocks of distances")


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_killed_in_the_middle_loses_nothing_and_nothing_is_done_twice(
    kind, kinds, cluster
):
    work, n_units = kinds[kind]
    cluster.join("killed", stop=True)
    there = Meanwhile(cluster, work)
    cluster.wait_until_busy("killed", there)
    cluster.join("other")
    cluster.kill("killed")
    assert there.result() == work()
    assert cluster.n_done("killed") == 0 and cluster.n_done("other") == n_units


def test_a_worker_killed_in_the_middle_of_a_report(cluster, tmp_path):
    begun, cell = tmp_path / "begun", new_code_cell("k = 1", metadata={"tags": ["parameters"]})
    work = f"""
import os, pathlib, time
begun = pathlib.Path({str(begun)!r})
if not begun.exists():
    begun.write_text(str(os.getpid()))
    time.sleep(100)
k + 1
"""
    notebook = new_notebook(cells=[new_markdown_cell("# Toy"), cell, new_code_cell(work)])
    nbformat.write(notebook, tmp_path / "toy.ipynb")
    paths = tmp_path / "toy.ipynb", tmp_path / "out" / "toy.ipynb"
    cluster.join("killed")
    there = Meanwhile(
        cluster, lambda: run_report(*paths, parameters={"k": 4}, cwd=tmp_path, progress=False)
    )
    end = time.monotonic() + PATIENCE
    while not (begun.exists() and begun.read_text()):
        assert time.monotonic() < end and there.is_alive(), there.outcome
        time.sleep(0.02)
    cluster.join("other")
    cluster.kill("killed")
    assert there.result().path == paths[1]
    assert cluster.n_done("other") == 1 and [*paths[1].parent.iterdir()] == [paths[1]]
    last = nbformat.read(paths[1], as_version=4).cells[-1]
    assert last.outputs[0].data["text/plain"] == "5"
    while Path(f"/proc/{begun.read_text()}").exists() and "Z" not in state(begun.read_text()):
        assert time.monotonic() < end, "the kernel of a worker that was killed goes on"
        time.sleep(0.1)


def state(process):
    """The state of a process, as Linux says it; Z if it is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_a_worker_that_joins_late_is_given_work(cluster):
    cluster.join("early", stop=True)
    there = Meanwhile(cluster, lambda: in_units(lambda number: number**2, range(20)))
    cluster.wait_until_busy("early", there)
    cluster.join("late")
    cluster.wait_until_busy("late", there)
    cluster.go_on("early")
    assert there.result() == [number**2 for number in range(20)]
    assert cluster.n_done("early") + cluster.n_done("late") == 20


def test_a_scheduler_that_is_restarted_is_found_again_and_nothing_is_lost(kinds, cluster):
    work, n_units = kinds["sweeps"]
    cluster.join("early", stop=True)
    there = Meanwhile(cluster, work)
    cluster.wait_until_busy("early", there)
    cluster.kill_scheduler()
    cluster.kill("early")  # as workers end that have lost their scheduler
    cluster.start()
    cluster.join("late")
    assert there.result() == work()
    assert cluster.n_done("late") == n_units


def test_where_no_worker_comes_back_the_run_ends_in_one_line(cluster):
    cluster.join("only", stop=True)
    with Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(1)
    executor = Cluster(cluster.address, patience=1)
    units = executor.submit(abs, -1)
    cluster.wait_until_busy("only")
    cluster.kill("only")
    with (
        pytest.raises(RunError, match=r"no worker for 1 seconds; .* start workers"),
        run_on(executor),
    ):
        in_units(abs, [-1, -2])
    assert not units.done() or units.cancelled()
    executor.shutdown()


# The same bytes


@pytest.fixture
def no_figures(monkeypatch):
    """Stages write their tables and no figures, which take longer than all of this."""
    monkeypatch.setattr(clusters, "clustering_figures", lambda *_: {})
    monkeypatch.setattr(verdicts, "verdict_figure", lambda *_: None)
    monkeypatch.setattr(verdicts, "save_figure", lambda *_: None)


def test_the_tables_of_a_study_are_those_of_this_machine_byte_for_byte(
    pictures, cluster, tmp_path, no_figures
):
    words = [*("--posters", str(pictures.posters), "--backbone", "colour", "--out")]
    few = [*("--k-min", "2", "--k-max", "4", "--n-clusters", "3", "--n-null", "19")]
    cluster.join("a", "b")
    for place, there in (("here", []), ("there", ["--cluster", cluster.address])):
        out = str(tmp_path / place)
        assert main(["extract", *words, out, *there]) == 0
        run = open_run(tmp_path / place)
        run.start(run.parameters.changed(n_components=3, n_splits=2, n_init=2))
        assert main(["sweep", "--space", "pca", *few, "--out", out, *there]) == 0
    tables = {path.relative_to(tmp_path / "here") for path in (tmp_path / "here").rglob("*.csv")}
    assert len(tables) > 10
    for path in tables:
        assert (tmp_path / "here" / path).read_bytes() == (tmp_path / "there" / path).read_bytes()
    npz = [(tmp_path / place / "features.npz").read_bytes() for place in ("here", "there")]
    assert npz[0] == npz[1]
    assert cluster.n_done("a") and cluster.n_done("b")


# Versions


def test_a_worker_with_other_versions_is_refused_at_the_beginning_and_when_it_joins_late(cluster):
    other, said = deciding_versions() | {"numpy": "1.26.4"}, []
    cluster.join("same", stop=True)
    cluster.join("early", changed=other)
    with Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(2)
        there = Meanwhile(client, lambda: in_units(abs, range(-9, 0)), said)
        cluster.wait_until_busy("same", there)
        assert len(said) == 1
        cluster.join("late", changed=other)
        client.wait_for_workers(3)
        cluster.go_on("same")
        assert there.result() == [*range(9, 0, -1)]
    assert cluster.n_done("same") == 9 and cluster.n_done("early") == 0
    assert len(said) <= 2  # whoever joins late is refused with the first unit that it is given
    for line in said:
        assert "takes no part: it has numpy 1.26.4 instead of" in line and "\n" not in line


def test_a_unit_given_to_a_worker_that_joined_late_and_has_other_versions_is_done_by_another(
    cluster,
):
    said = []
    cluster.join("same", stop=True)
    executor = Cluster(cluster.address, say=said.append)
    units = [executor.submit(abs, -1)]
    cluster.wait_until_busy("same")
    cluster.join("late", changed=deciding_versions() | {"python": "3.10"})
    units += [executor.submit(abs, -number) for number in range(2, 9)]
    cluster.wait_until_busy("late")
    cluster.go_on("same")
    wait(units)
    lost = [one for one in units if one.cancelled()]
    again = [executor.submit(abs, -9) for _ in lost]
    assert lost and [one.result() for one in again] == [9] * len(lost)
    assert len(said) == 1 and "python 3.10 instead of" in said[0]
    executor.shutdown()


def test_where_all_have_other_versions_the_command_says_so_in_one_line(cluster, tmp_path, capsys):
    cluster.join("other", changed=deciding_versions() | {"poster-analysis": "0.0.1"})
    words = [
        "extract",
        "--posters",
        str(tmp_path),
        "--backbone",
        "colour",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main([*words, "--cluster", cluster.address]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith("poster-analysis: no worker may take part")
    assert "poster-analysis 0.0.1 instead of" in said[-1] and not (tmp_path / "out").exists()


# The page that says how


def test_the_local_lines_of_the_page_do_what_it_says(pictures, tmp_path, capsys):
    """Its commands run as they stand, but for the port and the places."""
    page = (Path(__file__).parents[2] / "docs" / "howto" / "cluster.md").read_text("utf-8")
    local = page.partition("## On one machine")[2].partition("\n## ")[0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    places = {"posters": str(pictures.posters), "study": str(tmp_path / "study")}
    started = []
    try:
        for line in re.findall(r"```sh\n(.*?)\n```", local, re.S):
            words = [places.get(word, word) for word in shlex.split(line.replace("8786", port))]
            if words[0] == "dask":
                assert words.pop() == "&"
                started.append(start([sys.executable, "-m", *words], tmp_path))
                continue
            assert words[0] == "poster-analysis" and main(words[1:]) == 0
        assert (
            len(started) == 2 and len(read_table(tmp_path / "study" / "features_index.csv")) == 39
        )
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def start(words, folder):
    """A command in the background, with a group of processes of its own."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(words, cwd=folder, start_new_session=True, **quiet)
