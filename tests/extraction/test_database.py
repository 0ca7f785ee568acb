"""The file under the store: whatever happens to it, no wrong row comes back and nothing is deleted."""

import hashlib
import sqlite3
import sys
import threading

import numpy as np
import pytest
from filelock import FileLock

from poster_analysis.core.errors import InputError, PosterAnalysisError, RunError
from poster_analysis.core.files import digest
from poster_analysis.extraction.rows import seal
from poster_analysis.extraction.store import INSERT_ROW, Database, transaction

SPECIFICATION = {"backbone": "example", "n_features": 3}
MARK = bytes.fromhex(digest(SPECIFICATION))


def row(n, size=6000):
    key = hashlib.sha256(str(n).encode()).digest()
    data = np.random.default_rng(n).bytes(size)
    return key, seal(MARK, key, data), data


ROWS = [row(n) for n in range(60)]


@pytest.fixture
def path(tmp_path):
    """A database with sixty rows."""
    database = Database(tmp_path / "example.sqlite", SPECIFICATION)
    database.run(lambda connection: transaction(connection, INSERT_ROW, ROWS))
    database.close()
    return database.path


def whole_rows(path):
    """The rows that can be read and whose seals are whole; the database."""
    database = Database(path, SPECIFICATION, patience=5)
    rows = database.run(
        lambda connection: connection.execute("SELECT sha256, seal, data FROM features").fetchall()
    )
    database.close()
    whole = {
        found
        for found in rows
        if all(isinstance(value, bytes) for value in found)
        and seal(MARK, found[0], found[2]) == found[1]
    }
    return whole, database


def test_what_was_written_is_read(path):
    rows, database = whole_rows(path)
    assert rows == set(ROWS) and not database.notes


@pytest.mark.parametrize("share", np.linspace(0.01, 0.99, 12))
def test_a_file_cut_short_is_moved_aside_and_searched(path, share):
    before = path.read_bytes()
    cut = before[: int(len(before) * share)]
    path.write_bytes(cut)
    rows, database = whole_rows(path)
    assert rows <= set(ROWS)
    assert len(rows) >= 60 * (share - 0.2)
    assert path.with_name("example.sqlite.damaged-1").read_bytes() == cut
    assert "damaged-1" in database.notes[0] and f"{len(rows)} of its rows" in database.notes[0]
    assert whole_rows(path)[1].notes == []


@pytest.mark.parametrize("garbage", [b"not a database at all", b"SQLite format 3\0" + bytes(5000)])
def test_a_file_that_is_no_database_is_moved_aside(path, garbage):
    path.write_bytes(garbage)
    rows, database = whole_rows(path)
    assert rows == set() and len(database.notes) == 1
    assert path.with_name("example.sqlite.damaged-1").read_bytes() == garbage


def test_damaged_files_are_numbered_and_kept(path):
    for _ in range(3):
        path.write_bytes(b"rubbish")
        whole_rows(path)
    assert {file.name for file in path.parent.glob("*damaged*")} == {
        f"example.sqlite.damaged-{n}" for n in (1, 2, 3)
    }


def test_rows_of_another_specification_are_not_rescued(path, tmp_path):
    other = {"backbone": "other", "n_features": 3}
    path.write_bytes(path.read_bytes()[:-8192])
    path.rename(tmp_path / "other.sqlite")
    database = Database(tmp_path / "other.sqlite", other)
    n = database.run(lambda c: c.execute("SELECT count(*) FROM features").fetchone()[0])
    database.close()
    assert n == 0 and len(database.notes) == 1


def test_no_flipped_byte_brings_a_wrong_row_back(path):
    before = path.read_bytes()
    rng = np.random.default_rng(9)
    places = [*range(0, 110, 5), *rng.integers(0, len(before), 40), *range(8192, 58_000, 1000)]
    for place in places:
        damaged = bytearray(before)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            rows, _ = whole_rows(path)
        except PosterAnalysisError as error:
            assert "\n" not in str(error)
        else:
            assert rows <= set(ROWS)


def test_two_that_find_the_damage_at_once_repair_it_once(path):
    path.write_bytes(path.read_bytes()[:-20_000])
    start, results = threading.Barrier(2), []

    def open_it():
        start.wait()
        results.append(whole_rows(path))

    threads = [threading.Thread(target=open_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (first, one), (second, other) = results
    assert first == second and len(first) > 10
    assert len(one.notes) + len(other.notes) == 1
    assert len(list(path.parent.glob("*damaged*"))) == 1


def test_a_repair_that_another_process_does_not_end_is_an_error(path):
    path.write_bytes(b"rubbish")
    with FileLock(path.with_name(f".{path.name}.lock")), pytest.raises(RunError, match="damaged"):
        Database(path, SPECIFICATION, patience=0.1).run(lambda connection: None)
    assert path.read_bytes() == b"rubbish"


def test_a_failed_transaction_leaves_nothing(path):
    database = Database(path, SPECIFICATION)
    more = [row(n) for n in range(100, 110)]
    with pytest.raises(RunError):
        database.run(lambda c: transaction(c, INSERT_ROW, [*more, (None, None, None)]))
    assert not database.run(lambda c: c.in_transaction)
    database.close()
    assert whole_rows(path)[0] == set(ROWS)


def test_a_lock_that_is_not_released_is_an_error_in_one_line(path):
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(RunError, match="another process") as caught:
        Database(path, SPECIFICATION, patience=0.1).run(lambda connection: None)
    holder.close()
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    assert whole_rows(path)[0] == set(ROWS)


def test_a_file_removed_while_in_use_is_made_anew(path):
    database = Database(path, SPECIFICATION)
    database.run(lambda connection: connection.execute("SELECT 1 FROM features").fetchone())
    path.unlink()
    database.run(lambda connection: transaction(connection, INSERT_ROW, ROWS[:5]))
    database.close()
    assert whole_rows(path)[0] == set(ROWS[:5])


def test_the_first_format_is_taken_over_with_all_its_rows(path):
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    rows, database = whole_rows(path)
    assert rows == set(ROWS) and not database.notes
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()


def test_a_later_format_is_refused_and_left_alone(path):
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(InputError, match="format 99") as caught:
        whole_rows(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before and not list(path.parent.glob("*damaged*"))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit on file sizes to set")
def test_a_full_disk_is_an_error_in_one_line_and_the_rows_stay(path):
    import resource

    database = Database(path, SPECIFICATION)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 30_000, limits[1]))
    try:
        with pytest.raises(RunError) as caught:
            database.run(
                lambda c: transaction(c, INSERT_ROW, [row(n, 9000) for n in range(100, 200)])
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        database.close()
    assert "\n" not in str(caught.value) and "kept" in str(caught.value)
    rows, after = whole_rows(path)
    assert rows == set(ROWS) and not after.notes
