"""Raw, PCA and NMF spaces, held against scikit-learn."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from poster_analysis.core.errors import InputError
from poster_analysis.distances.measure import row_distances
from poster_analysis.reduction import spaces
from poster_analysis.reduction.spaces import (
    components_for_variance,
    convergence,
    exemplars,
    explained_variance,
    nmf_space,
    pca_space,
    principal_coordinates,
    raw_space,
)


def features(n_rows=200, n_features=600, rank=12):
    """Skewed features with spread-out axes, a copy and a row of zeros."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(n_rows, rank)) * np.geomspace(4, 0.5, rank)
    X = scores @ rng.normal(size=(rank, n_features)) / 4 + 0.3 * rng.normal(
        size=(n_rows, n_features)
    )
    X = np.maximum(X - 0.5, 0).astype(np.float32)
    X[7], X[50] = X[3], 0
    return X


def assert_is_pca(space, X, n_components):
    """The space is scikit-learn's PCA of the unit rows, in double precision."""
    unit = normalize(X.astype(np.float64))
    oracle = PCA(n_components, svd_solver="full").fit(unit)
    exact = oracle.explained_variance_ratio_
    np.testing.assert_allclose(space.explained_variance_ratio, exact, rtol=1e-3)
    np.testing.assert_allclose(space.X, oracle.transform(unit), atol=1e-4)
    if space.components is not None:
        np.testing.assert_allclose(space.components, oracle.components_, atol=2e-3)
    assert space.X.dtype == np.float32 and (space.X[7] == space.X[3]).all()


@pytest.mark.parametrize("shape", [(200, 600), (300, 60)])
@pytest.mark.parametrize("sparse", [False, True])
def test_pca_is_that_of_scikit_learn(shape, sparse):
    X = features(*shape)
    assert_is_pca(pca_space(sp.csr_array(X) if sparse else X, n_components=10), X, 10)


def test_pca_without_kept_distances_is_the_same():
    X = sp.csr_array(features())
    space = pca_space(X, n_components=10, distances=row_distances(X, keep=False))
    assert_is_pca(space, X.toarray(), 10)


@pytest.mark.parametrize("kept", [True, False])
def test_pca_of_many_posters_by_iteration_is_the_same(monkeypatch, kept):
    monkeypatch.setattr(spaces, "ALL_AXES", 100)
    X = features()
    space = pca_space(X, n_components=10, keep_components=kept)
    unit = normalize(X.astype(np.float64))
    exact = PCA(10, svd_solver="full").fit(unit)
    np.testing.assert_allclose(abs(space.X), abs(exact.transform(unit)), atol=1e-4)
    if kept:
        assert_is_pca(space, X, 10)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("shape", [(200, 600), (700, 600)])
def test_pca_is_the_same_for_every_way_to_find_it(monkeypatch, shape, sparse, keep):
    monkeypatch.setattr(spaces, "ALL_AXES", 100)
    for most in (10, 4096):
        monkeypatch.setattr(spaces, "COVARIANCE", most)
        X = features(*shape)
        given = sp.csr_array(X) if sparse else X
        space = pca_space(given, n_components=5, distances=row_distances(given, keep=keep))
        assert_is_pca(space, X, 5)


def test_all_axes_are_found_although_distances_are_not_kept(monkeypatch):
    X = features(90, 5000)
    distances = row_distances(X, keep=False)
    space = pca_space(X, n_components=90, distances=distances, keep_components=False)
    np.testing.assert_allclose(space.explained_variance_ratio.sum(), 1)
    monkeypatch.setattr(spaces, "ALL_AXES", 10)
    with pytest.raises(InputError, match="valid values are 1 to 89"):
        pca_space(X, n_components=90, distances=distances)


# Copies of these features in double precision, dense, would take 80 MB and 64 MB.
@pytest.mark.parametrize(
    ("shape", "keep", "most"),
    [((25_000, 400), False, 35e6), ((2100, 4200), False, 20e6), ((400, 20_000), True, 20e6)],
)
def test_pca_of_sparse_features_makes_no_dense_copy_of_them(shape, keep, most):
    X = sp.random_array(shape, density=0.005, rng=0, dtype=np.float32).tocsr()
    distances = row_distances(X, keep=keep)
    tracemalloc.start()
    pca_space(X, n_components=5, distances=distances)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < most


def test_a_guess_leads_to_the_same_coordinates(monkeypatch):
    X = features()
    distances = row_distances(X)
    exact, ratio = principal_coordinates(distances, 8)
    monkeypatch.setattr(spaces, "ALL_AXES", 100)
    rough = exact + 0.02 * np.random.default_rng(0).normal(size=exact.shape)
    found, again = principal_coordinates(distances, 8, guess=rough)
    np.testing.assert_allclose(again, ratio, rtol=1e-3)
    np.testing.assert_allclose(abs(found), abs(exact), atol=2e-3)


def test_all_components_explain_everything_and_keep_all_distances():
    X = features()
    space = pca_space(X, n_components=200)
    table = explained_variance(space)
    assert table["component"].tolist() == list(range(1, 201))
    assert table["cumulative"].is_monotonic_increasing
    np.testing.assert_allclose(table["cumulative"].iloc[-1], 1)
    everyone = np.arange(200)
    before = row_distances(X).squared(everyone, normalised=True)
    after = row_distances(space.X, keep=False).squared(everyone)
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_the_number_of_components_for_a_share_is_the_smallest():
    space = pca_space(features(), n_components=200, keep_components=False)
    cumulative = np.cumsum(space.explained_variance_ratio)
    for share in (0.1, 0.5, 0.95, 1.0):
        number = components_for_variance(space, share)
        assert cumulative[number - 1] >= share - 1e-6
        assert number == 1 or cumulative[number - 2] < share
    few = pca_space(features(), n_components=3)
    for share in (0.95, 0, -1, 1.5):
        with pytest.raises(InputError, match="valid shares"):
            components_for_variance(few, share)


@pytest.mark.parametrize("make", [pca_space, nmf_space])
@pytest.mark.parametrize("n_components", [0, -1, 61])
def test_components_that_do_not_exist_are_refused(make, n_components):
    with pytest.raises(InputError, match="valid values are 1 to 60"):
        make(features(90, 60), n_components=n_components)


@pytest.mark.parametrize("shape", [(5, 9), (9, 5), (1, 5)])
def test_posters_that_are_all_the_same_have_no_components(shape):
    with pytest.raises(InputError, match="same features"):
        pca_space(np.ones(shape), n_components=1)


def test_spaces_do_not_depend_on_the_number_of_threads():
    X = sp.csr_array(features(700, 900))
    seen = set()
    for n_threads in (1, 2, 4):
        with threadpool_limits(n_threads):
            spaces = pca_space(X, n_components=9), nmf_space(X, n_components=9)
            seen.add(b"".join(space.X.tobytes() for space in spaces))
    assert len(seen) == 1


def test_nmf_gives_copies_the_same_coordinates_and_empty_posters_none():
    space = nmf_space(sp.csr_array(features()), n_components=9)
    assert (space.X[7] == space.X[3]).all() and not space.X[50].any()
    lengths = np.linalg.norm(np.delete(space.X, 50, axis=0), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-5)
    assert space.parameters["n_iter"] == len(space.convergence)


def test_raw_rows_are_of_norm_one_and_leave_the_features_alone():
    X = features()
    kept = X.copy()
    for given in (X, sp.csr_array(X)):
        space = raw_space(given)
        dense = space.X.toarray() if sp.issparse(space.X) else space.X
        np.testing.assert_allclose(dense, normalize(X.astype(np.float64)), atol=1e-6)
        assert dense.dtype == np.float32
    assert np.array_equal(X, kept)


def test_exemplars_hold_most_of_their_component_and_something_of_it():
    X = np.zeros((5, 6))
    X[0, :3], X[1, :3], X[2, 3:], X[3, 3:] = 3, 2, 1, 1
    space = nmf_space(X, n_components=2)
    table = exemplars(space, n_exemplars=4)
    assert table["row"].tolist() == [0, 1, 2, 3]
    assert table["component"].tolist() == [1, 1, 2, 2] and table["rank"].tolist() == [1, 2, 1, 2]
    assert (table["weight"] > 0).all()


def test_spaces_are_not_asked_for_what_they_have_not():
    X = features()
    with pytest.raises(InputError, match="only nmf"):
        exemplars(pca_space(X, n_components=2))
    with pytest.raises(InputError, match="only pca"):
        explained_variance(raw_space(X))


def test_the_convergence_of_nmf_is_a_table_of_falling_errors():
    X = features()
    space = nmf_space(X, n_components=4)
    table = convergence(space)
    assert table.columns.tolist() == ["iteration", "reconstruction_error"]
    assert table["iteration"].tolist() == list(range(1, len(table) + 1))
    assert table["reconstruction_error"].is_monotonic_decreasing
    left = np.linalg.norm(X - space.W.astype(np.float64) @ space.components)
    np.testing.assert_allclose(table["reconstruction_error"].iloc[-1], left, rtol=1e-4)
    with pytest.raises(InputError, match="only nmf"):
        convergence(raw_space(X))


def test_identical_posters_all_get_the_same_coordinates():
    X = np.tile(np.arange(1.0, 31.0), (8, 1))
    space = nmf_space(X, n_components=3)
    assert not np.ptp(space.X, axis=0).any() and np.isfinite(space.X).all()


@pytest.mark.parametrize("make", [raw_space, pca_space, nmf_space])
@pytest.mark.parametrize(
    ("X", "said"),
    [
        ([[1.0, np.nan], [1, 2]], "NaN"),
        ([[1.0, -np.inf], [1, 2]], "infinity"),
        (np.zeros((0, 3)), "at least 1 row"),
        (np.zeros((3, 0)), "at least 1 row"),
        (np.ones(3), "at least 1 row"),
    ],
)
def test_features_that_are_none_are_refused_in_one_line(make, X, said):
    with pytest.raises(InputError, match=said) as caught:
        make(np.array(X))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("sparse", [False, True])
def test_features_without_anything_have_no_reduction(sparse):
    X = sp.csr_array((4, 5)) if sparse else np.zeros((4, 5))
    with pytest.raises(InputError, match="all features are zero"):
        nmf_space(X, n_components=2)
    with pytest.raises(InputError, match="same features"):
        pca_space(X, n_components=2)
