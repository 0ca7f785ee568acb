"""Extraction: never loses work, never the wrong numbers, never stopped by one bad file."""

import os
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from poster_analysis.collection.posters import read_collection
from poster_analysis.core.errors import InputError
from poster_analysis.extraction import extract as extraction
from poster_analysis.extraction.backbones import load_backbone
from poster_analysis.extraction.extract import extract
from poster_analysis.extraction.store import FeatureStore

N_POSTERS = 40


@pytest.fixture(scope="module")
def posters(tmp_path_factory):
    folder = tmp_path_factory.mktemp("posters")
    rng = np.random.default_rng(9)
    for n in range(N_POSTERS):
        coarse = rng.integers(0, 256, (6, 4, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((32, 48)).save(folder / f"{1000 + n}.png")
    return folder


@pytest.fixture(scope="module")
def colour():
    return load_backbone("colour", batch_size=4)


@pytest.fixture(scope="module")
def uninterrupted(posters, colour, tmp_path_factory):
    return run(posters, colour, tmp_path_factory.mktemp("store")).features


def run(posters, backbone, store):
    return extract(read_collection(posters), backbone, store, progress=False)


def with_maps(backbone, maps):
    """The same backbone, with something done on the way."""
    return replace(backbone, _maps=lambda images: maps(images) or backbone._maps(images))


def copy_of(posters, folder):
    folder.mkdir()
    for path in posters.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


KILLED = """
import os, random, signal, sys, time
from dataclasses import replace
from poster_analysis.extraction.backbones import load_backbone
from poster_analysis.collection.posters import read_collection
from poster_analysis.extraction.extract import extract

posters, store, mode = sys.argv[1:]
collection, colour = read_collection(posters), load_backbone("colour", batch_size=4)

def child():
    begun, begin = os.pipe()
    pid = os.fork()
    if pid:
        os.close(begin)
        return pid, begun

    def maps(images):
        os.write(begin, b".")
        time.sleep(0.01)
        return colour._maps(images)

    extract(collection, replace(colour, _maps=maps), store, progress=False)
    os._exit(0)

chance = random.Random(9)
if mode == "killed":
    for _ in range(8):
        pid, begun = child()
        for _ in range(chance.randint(1, 3)):
            os.read(begun, 1)
        time.sleep(chance.uniform(0, 0.02))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(begun)
else:
    statuses = [os.waitpid(pid, 0)[1] for pid, _ in [child() for _ in range(3)]]
    assert statuses == [0, 0, 0], statuses
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("mode", ["killed", "several at once"])
def test_killed_and_resumed_or_several_at_once_the_matrix_is_the_same(
    posters, colour, uninterrupted, tmp_path, mode
):
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(posters), str(tmp_path), mode]
    subprocess.run(command, check=True, timeout=120)
    with FeatureStore(tmp_path, colour.specification) as store:
        n_before = len(store)
    result = run(posters, colour, tmp_path)
    assert result.features.digest == uninterrupted.digest
    assert result.n_computed == N_POSTERS - n_before and not result.notes
    if mode != "killed":
        assert n_before == N_POSTERS
    else:
        assert n_before > 0


def test_an_interruption_loses_the_batch_in_flight_and_no_more(
    posters, colour, uninterrupted, tmp_path
):
    calls = []

    def stop(images):
        calls.append(len(images))
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(posters, with_maps(colour, stop), tmp_path)
    result = run(posters, colour, tmp_path)
    assert (result.n_computed, result.n_reused) == (N_POSTERS - 8, 8)
    assert result.features.digest == uninterrupted.digest


@pytest.mark.parametrize("process", [1, 2, 3, 31337])
def test_the_order_of_work_does_not_matter(
    posters, colour, uninterrupted, tmp_path, monkeypatch, process
):
    monkeypatch.setattr(os, "getpid", lambda: process)
    seen = []
    first = with_maps(colour, lambda images: seen.append(images[0].tobytes()))
    assert run(posters, first, tmp_path).features.digest == uninterrupted.digest
    assert len(seen) == N_POSTERS / 4 == len(set(seen))


def test_what_another_process_has_done_meanwhile_is_not_done_again(posters, colour, tmp_path):
    calls = []

    def other_process(images):
        calls.append(1)
        if len(calls) == 1:
            run(posters, colour, tmp_path)

    result = run(posters, with_maps(colour, other_process), tmp_path)
    assert len(calls) <= 4  # the present batch, and what had been read ahead
    assert result.n_computed + result.n_reused == N_POSTERS


def test_a_poster_is_computed_whatever_it_is_called(posters, colour, uninterrupted, tmp_path):
    folder = tmp_path / "posters"
    folder.mkdir()
    names = ["a b.png", 'it\'s "quoted".png', "ünïcødé 映画.png", "-rf.png"]
    for name, path in zip(names, sorted(posters.iterdir()), strict=False):
        (folder / name).write_bytes(path.read_bytes())
    result = run(folder, colour, tmp_path / "store")
    assert sorted(result.features.index["path"]) == sorted(names)
    for _, row in result.features.index.iterrows():
        original = uninterrupted.index.index[uninterrupted.index["sha256"] == row["sha256"]][0]
        mine = result.features.X[[result.features.row(row["imdb_id"])]]
        assert (mine != uninterrupted.X[[original]]).nnz == 0


def test_bad_files_are_listed_and_remembered(posters, colour, uninterrupted, tmp_path, monkeypatch):
    folder = copy_of(posters, tmp_path / "posters")
    whole = (folder / "1000.png").read_bytes()
    (folder / "1.jpg").write_bytes(b"this is text")
    (folder / "2.png").write_bytes(whole[: len(whole) // 2])
    (folder / "3.png").write_bytes(whole[: len(whole) // 2])
    first = run(folder, colour, tmp_path / "store")
    assert first.features.X.shape[0] == N_POSTERS
    assert first.skipped["path"].tolist() == ["1.jpg", "2.png", "3.png"]
    assert first.skipped["reason"].tolist() == ["not an image", "truncated PNG", "truncated PNG"]
    assert (first.features.X != uninterrupted.X).nnz == 0

    decoded = []
    monkeypatch.setattr(extraction, "read_image", lambda data: decoded.append(data))
    second = run(folder, colour, tmp_path / "store")
    assert second.skipped.equals(first.skipped) and not decoded


def test_a_file_that_changes_or_goes_is_skipped_and_not_remembered(posters, colour, tmp_path):
    folder = copy_of(posters, tmp_path / "posters")
    collection = read_collection(folder)
    kept = (folder / "1001.png").read_bytes()
    (folder / "1000.png").unlink()
    (folder / "1001.png").write_bytes((folder / "1002.png").read_bytes())
    result = extract(collection, colour, tmp_path / "store", progress=False)
    reasons = dict(zip(result.skipped["path"], result.skipped["reason"], strict=True))
    assert set(reasons) == {"1000.png", "1001.png"}
    assert "changed" in reasons["1001.png"] and "no such file" in reasons["1000.png"]
    (folder / "1001.png").write_bytes(kept)
    again = extract(collection, colour, tmp_path / "store", progress=False)
    assert again.skipped["path"].tolist() == ["1000.png"]
    assert (again.n_computed, again.n_reused) == (1, N_POSTERS - 2)


def test_an_equal_file_stands_in_for_one_that_is_gone(posters, colour, tmp_path):
    folder = copy_of(posters, tmp_path / "posters")
    (folder / "2000.png").write_bytes((folder / "1000.png").read_bytes())
    collection = read_collection(folder)
    (folder / "1000.png").unlink()
    result = extract(collection, colour, tmp_path / "store", progress=False)
    assert result.skipped.empty and len(result.features) == N_POSTERS + 1


def test_a_damaged_row_is_computed_again_and_named(posters, colour, uninterrupted, tmp_path):
    run(posters, colour, tmp_path)
    path = next(tmp_path.glob("*.sqlite"))
    content = bytearray(path.read_bytes())
    content[len(content) * 2 // 3] ^= 255
    path.write_bytes(content)
    result = run(posters, colour, tmp_path)
    assert result.features.digest == uninterrupted.digest
    assert result.n_computed >= 1
    assert any(".png" in note or "damaged-1" in note for note in result.notes)
    assert run(posters, colour, tmp_path).notes == ()


def test_a_store_that_is_damaged_during_the_run_is_repaired(
    posters, colour, uninterrupted, tmp_path
):
    calls = []

    def harm(images):
        calls.append(1)
        if len(calls) == 6:
            path = next(tmp_path.glob("*.sqlite"))
            path.write_bytes(os.urandom(20_000))

    result = run(posters, with_maps(colour, harm), tmp_path)
    assert result.features.digest == uninterrupted.digest
    assert len(result.notes) == 1 and "damaged-1" in result.notes[0]


def test_the_bar_tells_what_was_there_and_what_is_skipped(posters, colour, tmp_path, capsys):
    folder = copy_of(posters, tmp_path / "posters")
    (folder / "1.jpg").write_bytes(b"this is text")
    for n_there in (0, N_POSTERS):
        extract(read_collection(folder), colour, tmp_path / "store")
        captured = capsys.readouterr()
        assert captured.out == ""
        assert f"{N_POSTERS + 1}/{N_POSTERS + 1}" in captured.err
        assert "1 skipped" in captured.err and "posters/s" in captured.err
        assert f"{n_there} were there" in captured.err
    extract(read_collection(folder), colour, tmp_path / "store", progress=False)
    assert capsys.readouterr() == ("", "")


def test_nothing_readable_is_an_error_that_names_a_file(colour, tmp_path):
    (tmp_path / "posters").mkdir()
    for n in range(3):
        (tmp_path / "posters" / f"{n}.jpg").write_bytes(b"text %d" % n)
    with pytest.raises(InputError, match=r"none of the 3 posters.*'0\.jpg': not an image"):
        run(tmp_path / "posters", colour, tmp_path / "store")


def test_the_precision_is_settled_once_and_on_the_same_posters(
    posters, colour, tmp_path, monkeypatch
):
    open_ = replace(colour, precision_choice=colour.precision_choice | {"open": True})
    calls = []

    def settle(backbone, images, *, lowest_cosine=None):
        calls.append((images.tobytes(), lowest_cosine))
        choice = backbone.precision_choice | {"open": False, "lowest_cosine": 0.99975}
        return replace(backbone, precision_choice=choice)

    monkeypatch.setattr(extraction, "settle_precision", settle)
    for _ in range(2):
        result = run(posters, open_, tmp_path)
        assert result.backbone.precision_choice["lowest_cosine"] == 0.99975
    (first, unknown), (second, known) = calls
    assert first == second and unknown is None and known == 0.99975


def test_threads_do_not_outlive_an_error(posters, colour, tmp_path):
    import threading

    def fail(images):
        raise MemoryError("too large")

    before = threading.active_count()
    with pytest.raises(MemoryError):
        run(posters, with_maps(colour, fail), tmp_path)
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_large_images_are_decoded_one_at_a_time(posters, colour, tmp_path, monkeypatch):
    decoding, most = [], []

    def slowly(data):
        decoding.append(1)
        most.append(len(decoding))
        time.sleep(0.01)
        decoding.pop()
        return Image.new("RGB", (4, 6))

    monkeypatch.setattr(extraction, "read_image", slowly)
    monkeypatch.setattr(extraction, "LARGE", 32 * 48 - 1)
    run(posters, colour, tmp_path / "one")
    assert len(most) == N_POSTERS and max(most) == 1
    monkeypatch.setattr(extraction, "LARGE", 32 * 48)
    most.clear()
    run(posters, colour, tmp_path / "many")
    assert max(most) > 1
