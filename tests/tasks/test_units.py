"""Units are done by whatever executor there is, and what goes wrong with them is said in one line."""

import json
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from poster_analysis.collection.posters import read_collection
from poster_analysis.core.errors import InputError, RunError
from poster_analysis.extraction import extract as extraction
from poster_analysis.extraction.backbones import load_backbone
from poster_analysis.extraction.batches import BatchRows
from poster_analysis.tasks import cluster
from poster_analysis.tasks.units import Unit, in_units, packed, run_on, stream, unpacked

ROOT = Path(__file__).resolve().parents[2]


class Inline(ThreadPoolExecutor):
    """Does each unit when it is submitted, and counts them; may lose the first of each item."""

    n_slots = 2

    def __init__(self, lose=()):
        super().__init__(1)
        self.lose, self.submitted, self.cancelled = list(lose), [], 0

    def submit(self, function, /, item):
        self.submitted.append(item)
        answer = Future()
        if item in self.lose:
            self.lose.remove(item)
            answer.cancel()
        else:
            try:
                answer.set_result(unpacked(packed(function))(item))
            except Exception as error:
                answer.set_exception(error)
        return answer


def test_items_are_taken_as_there_is_room_for_them():
    taken, executor = [], Inline()
    items = (taken.append(number) or number for number in range(100))
    with run_on(executor):
        results = stream(lambda number: number + 1, items)
        assert [next(results) for _ in range(3)] == [1, 2, 3]
    assert len(taken) <= 3 + 2 * executor.n_slots
    results.close()
    assert len(taken) <= 3 + 2 * executor.n_slots


def test_only_what_was_lost_is_submitted_again():
    executor = Inline(lose=[0, 2, 3, 3])
    with run_on(executor):
        assert in_units(lambda number: -number, range(6)) == [0, -1, -2, -3, -4, -5]
    assert sorted(executor.submitted) == sorted([*range(6), 0, 2, 3, 3])


def test_the_error_of_a_unit_is_an_error_and_what_waits_is_cancelled():
    def fail(item):
        raise InputError(f"no {item}")

    with run_on(Inline()), pytest.raises(InputError, match="no 0"):
        in_units(fail, range(5))


def test_a_unit_that_goes_on_before_it_is_used_is_the_same():
    matrix = np.arange(12.0).reshape(3, 4)
    unit = Unit(lambda row: matrix[row].sum())
    for _ in range(3):
        unit = unpacked(packed(unit))
    assert [unit(row) for row in range(3)] == [6, 22, 38]


def test_posters_that_only_this_machine_can_read_end_the_extraction_in_one_line(
    tmp_path, monkeypatch
):
    (tmp_path / "posters").mkdir()
    Image.new("RGB", (20, 30), "navy").save(tmp_path / "posters" / "1.png")
    missing = extraction._Unavailable("no such file")

    def there(self, files):
        return BatchRows([], None, dict.fromkeys(files, missing))

    monkeypatch.setattr(extraction.RowsOfBatch, "__call__", there)
    collection = read_collection(tmp_path / "posters")
    with (
        run_on(Inline()),
        pytest.raises(RunError, match=r"a worker cannot read .*1\.png \(no such file\)"),
    ):
        extraction.extract(collection, load_backbone("colour"), tmp_path / "store", progress=False)


def test_many_words_about_workers_that_died_become_one_line():
    class KilledWorker(Exception):
        """As Dask's."""

    assert "several workers died" in str(cluster._told(KilledWorker("many\nwords")))


@pytest.mark.parametrize("address", ["tcp:nowhere", "nowhere://x", ""])
def test_what_is_no_address_is_refused_at_once(address):
    with pytest.raises(InputError, match="no scheduler answers at"):
        cluster._connected(address)


def test_the_reckoning_for_ten_million_posters_follows_from_its_units(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import cluster as benchmark

    page = benchmark.PAGE.read_text("utf-8")
    unit = json.loads(benchmark.UNITS.search(page)[1])
    assert benchmark.with_tables(page, unit) == page
    assert benchmark.tables(unit) in benchmark.RESULTS.joinpath("cluster.md").read_text("utf-8")
    some, more = (benchmark.projected(unit, n) for n in (10**6, 10**7))
    for one, ten in zip(some, more, strict=True):
        growth = {"verdict": 1, "neighbours, exactly": 100}.get(one.name, 10)
        assert ten.work == pytest.approx(growth * one.work)
