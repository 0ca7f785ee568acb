"""Features are checked, cut into fixed blocks, and worked on by threads that change nothing."""

import time

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from threadpoolctl import threadpool_info, threadpool_limits

from poster_analysis.core.errors import InputError
from poster_analysis.distances.blocks import (
    as_features,
    first_identical,
    row_blocks,
    row_norms,
    row_summary,
    unit_rows,
)
from poster_analysis.tasks.threads import in_threads, stream_in_threads

small = arrays(np.float32, (6, 4), elements=st.sampled_from([-2.0, -0.0, 0.0, 1.0, 3.5]))


def test_results_come_in_the_order_of_the_items_whoever_is_first():
    def late_if_early(item):
        time.sleep(0.02 if item == 0 else 0)
        return item

    with threadpool_limits(4):
        assert in_threads(late_if_early, range(8)) == list(range(8))


def test_each_worker_computes_with_one_thread_and_the_limits_are_given_back():
    before = [library["num_threads"] for library in threadpool_info()]
    with threadpool_limits(3):
        inside = in_threads(
            lambda _: [library["num_threads"] for library in threadpool_info()], range(6)
        )
    assert all(set(threads) == {1} for threads in inside)
    assert [library["num_threads"] for library in threadpool_info()] == before


def test_an_error_in_a_thread_is_an_error():
    def fail(item):
        if item == 3:
            raise InputError("three")

    with threadpool_limits(2), pytest.raises(InputError, match="three"):
        in_threads(fail, range(5))
    assert in_threads(fail, []) == []


def test_threads_may_use_threads():
    with threadpool_limits(2):
        nested = in_threads(lambda i: in_threads(lambda j: i * j, range(3)), range(3))
    assert nested == [[0, 0, 0], [0, 1, 2], [0, 2, 4]]


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_results_are_computed_a_few_ahead_and_not_all_at_once(n_threads):
    begun = []
    with threadpool_limits(n_threads):
        results = stream_in_threads(lambda item: begun.append(item) or item, range(40))
        for taken, item in enumerate(results):
            assert item == taken and len(begun) <= taken + 1 + 2 * n_threads
    assert sorted(begun) == list(range(40))


def test_what_nobody_asks_for_any_more_is_not_computed_and_the_limits_are_given_back():
    before = [library["num_threads"] for library in threadpool_info()]
    begun = []
    with threadpool_limits(2):
        results = stream_in_threads(lambda item: begun.append(item) or item, range(100))
        assert next(results) == 0
        results.close()
    assert len(begun) < 10
    assert [library["num_threads"] for library in threadpool_info()] == before


@given(small, st.lists(st.integers(0, 5), max_size=8))
def test_dense_and_sparse_are_the_same_to_the_last_bit(X, rows):
    kinds = [as_features(kind) for kind in (X, sp.coo_array(X), sp.csr_array(X))]
    summaries = [row_summary(kind) for kind in kinds]
    for norms, first, digest in summaries:
        assert norms.tobytes() == summaries[0][0].tobytes()
        assert (first.tolist(), digest) == (summaries[0][1].tolist(), summaries[0][2])
    for dtype in (np.float32, np.float64):
        blocks = [unit_rows(kind, norms, np.array(rows, dtype=int), dtype) for kind in kinds]
        assert all(block.dtype == dtype and (block == blocks[0]).all() for block in blocks)


@given(small, small)
def test_matrices_have_the_same_digest_only_if_they_are_the_same(X, Y):
    same = np.array_equal(X, Y)
    assert (row_summary(X)[2] == row_summary(sp.csr_array(Y))[2]) == same
    assert row_summary(X)[2] != row_summary(X[:, :3])[2]


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (np.ones((0, 3), np.float32), "at least 1 row"),
        (np.ones((3, 0), np.float32), "at least 1 row"),
        (np.ones(3, np.float32), "valid are matrices"),
        (np.full((5, 3), np.nan), "NaN"),
        (sp.csr_array(np.full((5, 3), np.inf)), "NaN"),
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused(X, said):
    with pytest.raises(InputError, match=said):
        as_features(X)


@pytest.mark.parametrize("scale", [1e19, 1e30, 1e-19, 1e-40])
def test_rows_whose_distances_no_single_precision_number_holds_are_refused(scale):
    X = np.eye(4, dtype=np.float32)
    X[2] *= np.float32(scale)
    with pytest.raises(InputError, match=r"row 2 .* scale the features") as caught:
        row_summary(X)
    assert "\n" not in str(caught.value)


@given(small)
def test_sparse_and_dense_features_have_the_same_copies_and_norms(X):
    dense, sparse = as_features(X), as_features(sp.coo_array(X))
    expected = [next(i for i in range(6) if np.array_equal(X[i], X[row])) for row in range(6)]
    assert first_identical(dense).tolist() == first_identical(sparse).tolist() == expected
    np.testing.assert_allclose(row_norms(dense), np.linalg.norm(X.astype(np.float64), axis=1))
    np.testing.assert_allclose(row_norms(sparse), row_norms(dense))


def test_untidy_sparse_features_are_tidied_and_left_as_they_were():
    data = np.array([1, 2, 4, 0], dtype=np.float32)
    untidy = sp.csr_array((data, [2, 0, 2, 1], [0, 3, 4]), shape=(2, 3))
    X = as_features(untidy)
    assert X.toarray().tolist() == [[2, 0, 5], [0, 0, 0]] and X.nnz == 2
    assert untidy.data.tolist() == [1, 2, 4, 0] and untidy.nnz == 4


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (np.zeros(3), r"shape \(3,\)"),
        (np.zeros((0, 3)), r"shape \(0, 3\)"),
        (np.zeros((3, 0)), "at least 1 row and 1 column"),
        ([[1.0, np.nan]], "NaN"),
        ([[1.0, np.inf]], "infinity"),
        (np.array([[1e300]]), "beyond single precision"),
        (sp.csr_array([[0.0, np.nan]]), "NaN"),
    ],
)
def test_features_that_are_none_are_refused(X, said):
    with pytest.raises(InputError, match=said) as caught:
        as_features(X)
    assert "\n" not in str(caught.value)


@given(st.integers(1, 2000), st.integers(1, 700))
def test_blocks_hold_every_row_once(n_rows, size):
    blocks = row_blocks(n_rows, size)
    assert np.array_equal(np.concatenate(blocks), np.arange(n_rows))
    assert max(map(len, blocks)) <= size
