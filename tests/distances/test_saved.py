"""Distances on disk are those that were saved, or an error of one line."""

import errno

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poster_analysis.clustering.sweep import sweep
from poster_analysis.core.errors import InputError, RunError
from poster_analysis.distances import saved as saved_module
from poster_analysis.distances.measure import (
    row_distances,
)
from poster_analysis.distances.neighbours import (
    nearest_neighbours,
)
from poster_analysis.distances.pairs import (
    Distances,
)
from poster_analysis.distances.saved import load_distances, save_distances
from poster_analysis.reduction.spaces import pca_space, raw_space


def features(n_rows=300, n_features=600):
    """Rectified features with copies and a row of zeros."""
    rng = np.random.default_rng(4)
    X = np.maximum(rng.normal(size=(n_rows, 10)) @ rng.normal(size=(10, n_features)) - 2, 0)
    X[5], X[8] = X[4], 0
    return X.astype(np.float32)


@pytest.fixture
def saved(tmp_path):
    """Distances and the file they are kept in."""
    measured = row_distances(features())
    return measured, save_distances(measured, tmp_path / "study" / "distances.npy")


def test_everything_is_the_same_from_the_file_and_nothing_can_be_written_to_it(saved):
    measured, path = saved
    X = sp.csr_array(features())
    mapped = load_distances(path, X)
    for one, other in (
        (mapped.squared_normalised, measured.squared_normalised),
        (mapped.norms, measured.norms),
        (mapped.first_identical, measured.first_identical),
    ):
        assert one.dtype == other.dtype and one.tobytes() == other.tobytes()
    assert not mapped.squared_normalised.flags.writeable and isinstance(
        mapped.squared_normalised.base, np.memmap
    )
    rows = np.array([5, 8, 299, 0])
    assert np.array_equal(mapped.squared(rows), measured.squared(rows))
    assert np.array_equal(mapped.similarities(rows), measured.similarities(rows))
    for one, other in zip(
        nearest_neighbours(X, distances=mapped), nearest_neighbours(X), strict=True
    ):
        assert np.array_equal(one, other)
    for space in (raw_space(X), pca_space(X, n_components=5, distances=mapped)):
        one = sweep(space, mapped, k_min=2, k_max=5, n_init=2)
        other = sweep(space, measured, k_min=2, k_max=5, n_init=2)
        assert one.table.equals(other.table) and one.labels.equals(other.labels)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="read-only"):
        mapped.squared_normalised[0, 0] = 1
    assert path.read_bytes() == before


def test_distances_of_other_features_are_refused(saved):
    _, path = saved
    X = features()
    X[17, 3] += 1
    for other in (X, features()[::-1], features()[:200], features()[:, :599]):
        with pytest.raises(InputError, match="of other features than these; measure them again"):
            load_distances(path, other)


@pytest.mark.parametrize("which", ["distances.npy", "distances_rows.npz"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.5, 0.9, 0.9999])
def test_a_file_that_was_cut_short_is_refused_in_one_line(saved, which, share):
    _, path = saved
    damaged = path.with_name(which)
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match=r"measure .* again") as caught:
        load_distances(path, features())
    assert "distances" in str(caught.value) and "\n" not in str(caught.value)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["distances.npy", "distances_rows.npz"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 255),
)
def test_a_changed_byte_is_found_or_does_not_matter(saved, which, share, flip):
    measured, path = saved
    damaged = path.with_name(which)
    whole = damaged.read_bytes()
    place = int(share * len(whole))
    damaged.write_bytes(whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :])
    try:
        mapped = load_distances(path, features())
        assert which == "distances_rows.npz" or place < 128  # in a header that says the same
        assert mapped.squared_normalised.tobytes() == measured.squared_normalised.tobytes()
    except InputError as error:
        assert "again" in str(error) and "\n" not in str(error)
    finally:
        damaged.write_bytes(whole)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"hello", b"PK\x03\x04"])
@pytest.mark.parametrize("which", ["distances.npy", "distances_rows.npz"])
def test_files_of_anything_else_are_refused(saved, which, content):
    _, path = saved
    path.with_name(which).write_bytes(content)
    with pytest.raises(InputError, match="damaged") as caught:
        load_distances(path, features())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "unit", [np.zeros((3, 3), np.float32), np.zeros((300, 300)), np.zeros(5), np.array("text")]
)
def test_an_array_of_something_else_is_refused(saved, unit):
    _, path = saved
    np.save(path, unit)
    with pytest.raises(InputError, match="damaged, or do not belong together"):
        load_distances(path, features())


def test_two_halves_of_two_savings_are_told_apart(saved, tmp_path):
    _, path = saved
    whole = path.with_name("distances_rows.npz").read_bytes()
    save_distances(row_distances(features() + 1), path)
    path.with_name("distances_rows.npz").write_bytes(whole)
    with pytest.raises(InputError, match="do not belong together"):
        load_distances(path, features())


@pytest.mark.parametrize("which", ["distances.npy", "distances_rows.npz"])
def test_a_file_that_is_missing_is_named(saved, which):
    _, path = saved
    path.with_name(which).unlink()
    with pytest.raises(InputError, match=f"{which} does not exist"):
        load_distances(path, features())


def test_a_full_disk_leaves_what_was_there_and_nothing_else(saved, monkeypatch):
    _, path = saved

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = {one.name: one.read_bytes() for one in path.parent.iterdir()}
    monkeypatch.setattr(saved_module.np, "save", full)
    with pytest.raises(RunError, match="the disk is full"):
        save_distances(row_distances(features() + 1), path)
    assert {one.name: one.read_bytes() for one in path.parent.iterdir()} == before
    assert load_distances(path, features()).squared_normalised is not None


def test_what_is_not_kept_or_not_of_features_cannot_be_saved(tmp_path):
    X = features(40)
    measured = row_distances(X)
    with pytest.raises(InputError, match="raise memory_budget"):
        save_distances(row_distances(X, keep=False), tmp_path / "one.npy")
    made = Distances(X, measured.norms, measured.first_identical, measured.squared_normalised)
    with pytest.raises(InputError, match="of no features"):
        save_distances(made, tmp_path / "one.npy")
    with pytest.raises(InputError, match="ends in it"):
        save_distances(measured, tmp_path / "one.npz")
    assert not list(tmp_path.iterdir())
