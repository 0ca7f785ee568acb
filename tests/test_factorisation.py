"""Non-negative factorisation, held against scikit-learn's."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_digits
from sklearn.decomposition import NMF
from threadpoolctl import threadpool_limits

from poster_analysis.errors import InputError
from poster_analysis.factorisation import factorise


def digits(n_rows=1000):
    return load_digits().data[:n_rows].astype(np.float32)


def rectified(random_state=0):
    """Skewed, sparse features of low rank with noise, as networks give them."""
    rng = np.random.default_rng(random_state)
    X = rng.normal(size=(300, 25)) @ rng.normal(size=(25, 500)) / 4 + rng.normal(size=(300, 500))
    return np.maximum(X - 1, 0).astype(np.float32)


def heavy_tailed(random_state=0):
    rng = np.random.default_rng(random_state)
    X = rng.gamma(0.3, size=(250, 12)) @ rng.gamma(0.3, size=(12, 300))
    return (X * rng.lognormal(sigma=0.5, size=(250, 300))).astype(np.float32)


def excess(X, n_components):
    """By which share the error is above that of scikit-learn with 200 iterations."""
    oracle = NMF(n_components, init="nndsvda", max_iter=200, tol=0, random_state=0)
    with warnings.catch_warnings(action="ignore"):
        oracle.fit(X)
    _, _, errors = factorise(X, n_components)
    return errors[-1] / oracle.reconstruction_err_ - 1


@pytest.mark.parametrize("data", [digits, rectified, heavy_tailed])
@pytest.mark.parametrize("n_components", [10, 25, 50])
def test_the_error_is_at_most_that_of_scikit_learn(data, n_components):
    assert excess(data(), n_components) <= 5e-4


# Both methods end in a local optimum, and not always in the same one: these are data on which
# ours is known to be the worse, so the bound above does not hold for all data.
@pytest.mark.parametrize(
    ("X", "n_components"),
    [(heavy_tailed(1), 25), (digits(600), 10)],
    ids=["heavy_tailed", "digits"],
)
def test_another_local_optimum_is_worse_by_less_than_a_hundredth(X, n_components):
    assert excess(X, n_components) <= 1e-2


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
    for n_components in (35, 50):
        W, H, _ = factorise(rectified(), n_components)
        assert (W.sum(axis=0) > 0).all() and (H.sum(axis=1) > 0).all()


def test_the_number_of_threads_changes_nothing():
    X = sp.csr_array(np.vstack([rectified(seed) for seed in range(4)]))
    seen = set()
    for n_threads in (1, 2, 4):
        with threadpool_limits(n_threads):
            W, H, _ = factorise(X, 10)
            seen.add(W.tobytes() + H.tobytes())
    assert len(seen) == 1


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
    ],
)
def test_features_that_cannot_be_factorised_are_refused(X, said):
    with pytest.raises(InputError, match=said):
        factorise(X, 1)
