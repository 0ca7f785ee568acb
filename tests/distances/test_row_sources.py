"""Rows read from disk are those of the matrix, whatever is asked for; damage is an error of one line."""

import hashlib
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poster_analysis.core.errors import InputError, RunError
from poster_analysis.distances.blocks import row_summary, take_rows
from poster_analysis.distances.row_sources import SavedRows, StoredRows
from poster_analysis.extraction.features import Features, load_features, save_features
from poster_analysis.extraction.store import FeatureStore

SPECIFICATION = {"backbone": "made", "pooling": "avg", "n_features": 37}
KEYS = [hashlib.sha256(str(row).encode()).hexdigest() for row in range(50)]


def matrix():
    """Sparse features with rows of zeros, the first and the last among them."""
    X = np.maximum(np.random.default_rng(0).normal(size=(50, 37)), 0).astype(np.float32)
    X[[0, 7, 49]] = 0
    return X


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the matrix as a saved one and in a feature store."""
    folder = tmp_path_factory.mktemp("rows")
    index = pd.DataFrame({"imdb_id": [f"tt{row:07}" for row in range(50)]})
    save_features(Features(matrix(), index), folder)
    with FeatureStore(folder, SPECIFICATION) as store:
        store.write(KEYS, matrix())
    return folder


@pytest.fixture(params=["saved", "stored"])
def source(request, folder):
    """The rows of the matrix on disk."""
    stored = request.param == "stored"
    with StoredRows(folder, SPECIFICATION, KEYS) if stored else SavedRows(folder) as rows:
        yield rows


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 49), max_size=20))
def test_any_rows_in_any_order_are_those_of_the_matrix(source, rows):
    found = take_rows(source, np.array(rows, dtype=np.int64))
    found = found.toarray() if sp.issparse(found) else found
    assert found.dtype == np.float32 and np.array_equal(found, matrix()[rows])


def test_the_matrix_is_recognised(source, folder):
    norms, first, digest = row_summary(source)
    expected = row_summary(matrix())
    assert norms.tobytes() == expected[0].tobytes() and digest == expected[2]
    assert first.tolist() == expected[1].tolist() and source.shape == (50, 37)
    assert row_summary(load_features(folder).X)[2] == digest


def test_several_threads_may_ask_at_once(source):
    X, rng = matrix(), np.random.default_rng(1)
    asked = [rng.integers(0, 50, 10) for _ in range(200)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(source.read_rows, asked))
    assert all(
        np.array_equal(block.toarray(), X[rows]) for block, rows in zip(found, asked, strict=True)
    )


# damage to the saved matrix


def copied(folder, tmp_path, change):
    """A folder with a changed copy of the saved matrix."""
    whole = (folder / "features.npz").read_bytes()
    (tmp_path / "features.npz").write_bytes(change(whole))
    return tmp_path


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_a_changed_byte_is_found_or_does_not_matter(folder, tmp_path, place, flip):
    def change(whole):
        n = int(place * len(whole))
        return whole[:n] + bytes([whole[n] ^ flip]) + whole[n + 1 :]

    try:
        with SavedRows(copied(folder, tmp_path, change)) as rows:
            assert np.array_equal(rows.read_rows(np.arange(50)).toarray(), matrix())
    except InputError as error:
        assert "extract the features again" in str(error) and "\n" not in str(error)


@pytest.mark.parametrize(
    "change",
    [
        lambda whole: b"",
        lambda whole: b"not a zip file",
        lambda whole: whole[:100],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-1],
    ],
)
def test_a_file_that_was_cut_short_is_refused(folder, tmp_path, change):
    with pytest.raises(InputError, match=r"damaged .* extract the features again") as caught:
        SavedRows(copied(folder, tmp_path, change))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_cut_short_while_it_is_in_use_is_an_error(folder, tmp_path):
    with SavedRows(copied(folder, tmp_path, lambda whole: whole)) as rows:
        with (tmp_path / "features.npz").open("r+b") as file:
            file.truncate(500)
        with pytest.raises(InputError, match="cut short"):
            rows.read_rows(np.arange(50))


def test_a_file_that_is_replaced_while_it_is_in_use_changes_nothing(folder, tmp_path):
    with SavedRows(copied(folder, tmp_path, lambda whole: whole)) as rows:
        other = tmp_path / "other"
        other.write_bytes(b"something else")
        other.replace(tmp_path / "features.npz")
        assert np.array_equal(rows.read_rows(np.arange(50)).toarray(), matrix())


def rewritten(folder, tmp_path, **changes):
    """The saved matrix with some arrays changed or, where None, left out."""
    with np.load(folder / "features.npz") as arrays:
        kept = {
            name: array for name, array in (dict(arrays) | changes).items() if array is not None
        }
    np.savez(tmp_path / "features.npz", **kept)
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": None}, "not written by save_features"),
        ({"rows_digest": None}, "not written by save_features"),
        ({"data": np.ones(3, np.float32)}, "do not fit"),
        ({"indptr": np.zeros(51, np.int32)}, "do not fit"),
        ({"indptr": np.zeros(3, np.int32)}, "do not fit"),
        ({"shape": np.array([3, 37])}, "do not fit"),
    ],
)
def test_arrays_that_are_missing_or_do_not_fit_are_refused(folder, tmp_path, changes, said):
    with pytest.raises(InputError, match=said) as caught:
        SavedRows(rewritten(folder, tmp_path, **changes))
    assert "\n" not in str(caught.value)


def test_values_and_columns_of_another_kind_are_refused(folder, tmp_path):
    with np.load(folder / "features.npz") as arrays:
        data, indices = arrays["data"], arrays["indices"]
    with pytest.raises(InputError, match="another type"):
        SavedRows(rewritten(folder, tmp_path, data=data.astype(np.float64)))
    indices[5] = 37
    with (
        SavedRows(rewritten(folder, tmp_path, indices=indices)) as rows,
        pytest.raises(InputError, match="not among the columns"),
    ):
        rows.read_rows(np.arange(50))
    data[5] = np.nan
    with (
        SavedRows(rewritten(folder, tmp_path, data=data)) as rows,
        pytest.raises(InputError, match="NaN"),
    ):
        row_summary(rows)


def test_a_compressed_file_is_refused(folder, tmp_path):
    with np.load(folder / "features.npz") as arrays:
        np.savez_compressed(tmp_path / "features.npz", **arrays)
    with pytest.raises(InputError, match="compressed"):
        SavedRows(tmp_path)
    assert zipfile.is_zipfile(tmp_path / "features.npz")


def test_a_matrix_that_is_missing_is_said_to_be(tmp_path):
    with pytest.raises(InputError, match="does not exist; extract the features first"):
        SavedRows(tmp_path)


# damage to the store


def test_a_row_that_the_store_has_not_got_is_an_error(folder):
    with (
        StoredRows(folder, SPECIFICATION, [*KEYS, "ab" * 32]) as rows,
        pytest.raises(RunError, match="no whole row"),
    ):
        row_summary(rows)


def test_a_store_that_cannot_be_made_is_an_error_and_leaves_no_thread_behind(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot be made"):
        StoredRows(tmp_path / "file", SPECIFICATION, KEYS)
