"""Non-negative factorisation, held against scikit-learn's."""

import tracemalloc
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_digits
from sklearn.decomposition import NMF
from threadpoolctl import threadpool_limits

from poster_analysis.core.errors import InputError
from poster_analysis.reduction import nmf
from poster_analysis.reduction.nmf import _FeatureBlocks, factorise


def digits(n_rows=1000):
    return load_digits().data[:n_rows].astype(np.float32)


def rectified(random_state=0):
    """Skewed, sparse features of low rank with noise, as networks give them."""
    rng = np.random.default_rng(random_state)
    X = rng.normal(size=(200, 25)) @ rng.normal(size=(25, 300)) / 4 + rng.normal(size=(200, 300))
    return np.maximum(X - 1, 0).astype(np.float32)


def heavy_tailed(random_state=0):
    rng = np.random.default_rng(random_state)
    X = rng.gamma(0.3, size=(250, 12)) @ rng.gamma(0.3, size=(12, 300))
    return (X * rng.lognormal(sigma=0.5, size=(250, 300))).astype(np.float32)


def words(random_state=0):
    """Counts of words in made texts on 15 topics; some words never occur."""
    rng = np.random.default_rng(random_state)
    topics = rng.dirichlet(np.full(400, 0.05), 15)
    mixtures = rng.dirichlet(np.full(15, 0.2), 200)
    lengths = rng.gamma(2, 60, size=(200, 1))
    return rng.poisson(lengths * (mixtures @ topics)).astype(np.float32)


def excess(X, n_components):
    """By which share the error is above that of scikit-learn with 200 iterations."""
    oracle = NMF(n_components, init="nndsvda", max_iter=200, tol=0, random_state=0)
    with warnings.catch_warnings(action="ignore"):
        oracle.fit(X.astype(np.float64))
    _, _, errors = factorise(X, n_components)
    return errors[-1] / oracle.reconstruction_err_ - 1


@pytest.mark.parametrize("data", [rectified, heavy_tailed, words])
@pytest.mark.parametrize("n_components", [10, 25, 50])
def test_the_error_is_at_most_that_of_scikit_learn(data, n_components):
    assert excess(data(), n_components) <= 5e-4


def test_so_it_is_for_scans_of_digits():
    assert excess(digits(600), 10) <= 5e-4


def test_several_starts_find_what_one_does_not(monkeypatch):
    X = heavy_tailed(1)
    assert excess(X, 25) <= 5e-4
    several = factorise(X, 25)[2][-1]
    monkeypatch.setattr(nmf, "STARTS", 1)
    assert factorise(X, 25)[2][-1] > 1.002 * several


# Every method ends in a local optimum, and no number of starts makes it the better one for all
# data: among these three made sets, with 12 seeds each and 10, 25 and 50 components, the bound does
# not hold for 3 of the 108, of which this is the worst.
def test_another_local_optimum_is_worse_by_less_than_a_hundredth():
    assert excess(words(7), 25) <= 1e-2


# Small features are not replaced by what their singular vectors keep; here they are all the same.
# The bound for large ones is in benchmarks/nmf.py.
@pytest.mark.parametrize("data", [rectified, words])
@pytest.mark.parametrize("trial", [10**6, 10**10], ids=["one start", "several starts"])
def test_what_singular_vectors_keep_leads_nearly_as_far(monkeypatch, data, trial):
    monkeypatch.setattr(nmf, "SMALL", 0)
    monkeypatch.setattr(nmf, "TRIAL", trial)
    used, low_rank = [], nmf._LowRank
    monkeypatch.setattr(nmf, "_LowRank", lambda *args: used.append(1) or low_rank(*args))
    assert excess(data(), 25) <= 5e-3
    assert used


@pytest.mark.parametrize("n_posters", [3, 300, 2500])
def test_reading_by_blocks_gives_the_same_bytes_as_dense_at_once(monkeypatch, n_posters):
    X = sp.random_array((n_posters, 400), density=0.2, rng=0, dtype=np.float32).tocsr()
    whole = _FeatureBlocks(X)
    monkeypatch.setattr(nmf, "DENSE_BUDGET", 0)
    blocks = _FeatureBlocks(X)
    assert sp.issparse(blocks.X) and not sp.issparse(whole.X)
    W = np.random.default_rng(0).random((4, n_posters), dtype=np.float32)
    read = [features.read(lambda rows, block: W[:, rows])[1] for features in (whole, blocks)]
    assert read[0].tobytes() == read[1].tobytes() and whole.total == blocks.total
    np.testing.assert_allclose(read[0], W @ X.toarray(), rtol=1e-4)


def test_the_memory_is_that_of_the_features_made_dense_once():
    X = sp.random_array((3000, 2000), density=0.1, rng=0, dtype=np.float32).tocsr()
    dense = 4 * X.shape[0] * X.shape[1]
    tracemalloc.start()
    factorise(X, 5, max_iter=2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * dense  # a copy in double precision alone would be as much


def test_errors_never_rise_and_the_last_is_that_of_the_result():
    X = rectified()
    W, H, errors = factorise(X, 20)
    assert (np.diff(errors) <= 0).all()
    exact = np.linalg.norm(X - W.astype(np.float64) @ H)
    np.testing.assert_allclose(errors[-1], exact, rtol=1e-5)


def test_components_have_norm_one_and_the_weightiest_come_first():
    W, H, _ = factorise(rectified(), 12)
    np.testing.assert_allclose(np.linalg.norm(H, axis=1), 1, rtol=1e-5)
    assert (np.diff(np.linalg.norm(W, axis=0)) <= 0).all()


def test_the_scale_of_the_features_makes_no_difference():
    X = rectified()
    W, H, errors = factorise(X, 8)
    for scale in (2.0**-60, 2.0**60):
        again = factorise(scale * X, 8)
        np.testing.assert_allclose(again[0] / scale, W, rtol=1e-6)
        np.testing.assert_array_equal(again[1], H)
        np.testing.assert_allclose(again[2] / scale, errors, rtol=1e-6)


def test_sparse_features_are_factorised_as_well_as_dense_ones():
    X = rectified()
    dense, sparse = factorise(X, 8), factorise(sp.csr_array(X), 8)
    np.testing.assert_allclose(sparse[2][-1], dense[2][-1], rtol=5e-4)


def test_no_component_is_wasted():
    W, H, _ = factorise(rectified(), 50, max_iter=15)
    assert (W.sum(axis=0) > 0).all() and (H.sum(axis=1) > 0).all()


@pytest.mark.parametrize("small", [0, 2**21])
def test_the_number_of_threads_changes_nothing(monkeypatch, small):
    monkeypatch.setattr(nmf, "SMALL", small)
    X = sp.csr_array(np.vstack([rectified(seed) for seed in range(4)]))
    seen = set()
    for n_threads in (1, 2, 4):
        with threadpool_limits(n_threads):
            W, H, errors = factorise(X, 10, max_iter=12)
            seen.add(W.tobytes() + H.tobytes() + errors.tobytes())
    assert len(seen) == 1


def test_what_was_computed_before_changes_nothing():
    X = rectified()
    first = factorise(X, 8)
    factorise(X, 12)
    for one, again in zip(first, factorise(X, 8), strict=True):
        assert one.tobytes() == again.tobytes()


def test_posters_and_features_with_nothing_get_nothing():
    X = rectified()
    X[5], X[:, 7] = 0, 0
    W, H, _ = factorise(X, 8)
    assert not W[5].any() and not H[:, 7].any()


@pytest.mark.parametrize("shape", [(6, 9), (9, 6), (1, 1), (1, 4), (4, 1)])
def test_constant_features_are_one_part(shape):
    X = np.full(shape, 3.0)
    W, H, _ = factorise(X, min(shape))
    assert np.isfinite(W).all() and np.isfinite(H).all()
    np.testing.assert_allclose(W @ H, X, rtol=1e-2)
    np.testing.assert_allclose(W, W[[0] * len(W)], rtol=1e-2, atol=1e-2)


def test_more_components_than_there_are_parts_are_no_trouble():
    rng = np.random.default_rng(0)
    X = rng.random((30, 3)) @ rng.random((3, 40))
    X[5] = 0
    W, H, errors = factorise(X, 8)
    assert np.isfinite(W).all() and np.isfinite(H).all()
    assert errors[-1] < 1e-2 * np.linalg.norm(X) and (W[5] < 1e-3).all()


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (np.array([[1.0, -1e-9], [1, 1]]), "negative"),
        (sp.csr_array([[0.0, 0.0], [0.0, 0.0]]), "all features are zero"),
        (np.array([[1.0, np.nan]]), "NaN"),
        (sp.csr_array([[1.0, np.inf]]), "infinity"),
        (np.zeros((0, 4)), "at least 1 row"),
        (np.zeros((4, 0)), "at least 1 row"),
    ],
)
def test_features_that_cannot_be_factorised_are_refused(X, said):
    with pytest.raises(InputError, match=said):
        factorise(X, 1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"n_components": 0}, "valid values are 1 to 3"),
        ({"n_components": 4}, "valid values are 1 to 3"),
        ({"n_components": 1, "tolerance": -1}, "at least 0"),
        ({"n_components": 1, "tolerance": np.nan}, "at least 0"),
        ({"n_components": 1, "max_iter": 0}, "at least 1"),
    ],
)
def test_what_is_out_of_range_is_refused_in_one_line(wrong, said):
    with pytest.raises(InputError, match=said) as caught:
        factorise(np.ones((3, 5)), **wrong)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shift", [1.0, 30.0, 1000.0])
@pytest.mark.parametrize("n_components", [1, 3])
def test_the_error_of_nearly_equal_rows_is_that_of_double_precision(shift, n_components):
    """Rows of which single precision leaves little when sums of squares are subtracted from each other."""
    X = (shift + 0.5 * np.random.default_rng(0).random((60, 40))).astype(np.float32)
    W, H, errors = factorise(X, n_components)
    exact = np.linalg.norm(X.astype(np.float64) - W.astype(np.float64) @ H.astype(np.float64))
    np.testing.assert_allclose(errors[-1], exact, rtol=1e-4)
    assert errors[-1] > 0 and (np.diff(errors) <= 1e-9 * errors[0]).all()
