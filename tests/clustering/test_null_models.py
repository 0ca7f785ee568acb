"""Null models without structure: what they keep, what they destroy, and that they are scored as the data are."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from shapeless import make
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from poster_analysis.clustering import null_models as module
from poster_analysis.clustering.k_means import geometry
from poster_analysis.clustering.null_models import GaussianCopula, null_models, random_rotation
from poster_analysis.clustering.stability import half_agreement
from poster_analysis.clustering.sweep import sweep
from poster_analysis.core.errors import InputError
from poster_analysis.distances.measure import row_distances
from poster_analysis.reduction.spaces import nmf_space, pca_space, raw_space


def spaces_of(X, n_components=6):
    distances = row_distances(X)
    spaces = [raw_space(X), pca_space(X, n_components=n_components, distances=distances)]
    if X.min() >= 0:
        spaces.append(nmf_space(X, n_components=n_components))
    return spaces, distances


@given(st.integers(3, 400), st.integers(0, 10))
def test_a_rotation_keeps_the_mean_and_all_products(n_rows, seed):
    values = np.random.default_rng(seed).gamma(1, size=(3, n_rows))
    rotated = random_rotation(n_rows, np.random.default_rng(seed))(values)
    np.testing.assert_allclose(rotated.mean(axis=1), values.mean(axis=1), rtol=1e-9)
    np.testing.assert_allclose(rotated @ rotated.T, values @ values.T, rtol=1e-9)


def test_rotations_are_as_random_as_can_be():
    """Coordinates of a rotated poster are as normal as those of a uniformly random rotation."""
    poster = np.zeros(500)
    poster[7] = 1
    rotated = [random_rotation(500, np.random.default_rng(seed))(poster) for seed in range(40)]
    centred = np.sqrt(500) * (np.array(rotated) - 1 / 500)
    assert stats.kstest(centred[:, ::10].ravel(), "norm").pvalue > 0.01
    assert abs(np.corrcoef(centred) - np.eye(40)).max() < 0.25


@pytest.mark.parametrize("sparse", [False, True])
def test_null_models_by_distances_are_null_models_by_features(sparse):
    X = make("rectified", 0, 120, 300)
    X[5], X[9] = 0, X[8]
    distances = row_distances(sp.csr_array(X) if sparse else X)
    rotate = random_rotation(len(X), np.random.default_rng(2))
    exact = row_distances(rotate(X.T.astype(np.float64)).T)
    found = module._rotated_distances(distances, rotate)
    np.testing.assert_allclose(found.squared_normalised, exact.squared_normalised, atol=1e-5)
    assert (
        np.diag(found.squared_normalised) == 0
    ).all() and found.squared_normalised.flags.c_contiguous


@pytest.mark.parametrize("n_features", [600, 60])
def test_a_pca_null_model_is_the_pca_of_rotated_features(n_features):
    X = make("Gaussian", 1, 120, n_features)
    (_, pca), distances = spaces_of(X)
    drawn = module._gaussian_sample(distances, np.random.default_rng(4)).space(pca)
    rotated = random_rotation(len(X), np.random.default_rng(4))(X.T.astype(np.float64)).T
    exact = PCA(6, svd_solver="full").fit_transform(normalize(rotated))
    np.testing.assert_allclose(abs(drawn.X), abs(exact), atol=1e-3)


@given(st.integers(0, 1000), st.booleans())
def test_a_copula_gives_every_feature_its_own_values(seed, sparse):
    rng = np.random.default_rng(seed)
    X = rng.integers(-2, 4, size=(rng.integers(2, 40), rng.integers(1, 12))).astype(np.float32)
    X[:, 0] = 0  # a feature that nobody has
    drawn = GaussianCopula(sp.csr_array(X) if sparse else X).sample(rng)
    assert sp.issparse(drawn) == sparse
    drawn = drawn.toarray() if sparse else drawn
    np.testing.assert_array_equal(np.sort(drawn, axis=0), np.sort(X, axis=0))


def test_features_of_a_copula_go_together_as_before():
    rng = np.random.default_rng(0)
    X = np.maximum(rng.multivariate_normal([0, 0, 0], np.eye(3) / 2 + 0.5, size=800) - 0.5, 0)
    drawn = GaussianCopula(X).sample(rng)
    before, after = (stats.spearmanr(one).statistic for one in (X, drawn))
    np.testing.assert_allclose(after, before, atol=0.1)


def test_nobody_belongs_to_a_group_in_a_copula():
    """The features of four looks agree in halves; those of its copula do so much less."""
    X = make("four looks", 0)
    stability = []
    for rows in (X, GaussianCopula(X).sample(np.random.default_rng(0))):
        distances = row_distances(rows)
        space = pca_space(rows, n_components=6, distances=distances)
        stability.append(half_agreement(geometry(space, distances), [4])[0])
    assert stability[0] > 0.9 and stability[1] < 0.7


def test_the_data_are_scored_as_in_a_sweep():
    spaces, distances = spaces_of(make("rectified", 0, 90, 300))
    settings = {"k_min": 3, "k_max": 5, "n_init": 4, "n_splits": 2}
    found = null_models(spaces, distances, n_null=2, **settings)
    for space in spaces:
        one = found[space.name]
        data = one.draws[one.draws["null_model"] == "data"]
        swept = sweep(space, distances, **settings).table
        np.testing.assert_array_equal(data["silhouette"], swept["silhouette"])
        np.testing.assert_array_equal(data["stability"], swept["stability_halves"])
        assert one.kinds == (["copula"] if space.name == "nmf" else ["gaussian", "copula"])
        for kind in one.kinds:
            groups = one.draws[one.draws["null_model"] == kind].groupby("k")
            for score in ("silhouette", "stability"):
                bands = one.bands.filter(regex=f"^{score}_{kind}").to_numpy()
                expected = groups[score].agg(["mean", "min", "max"]).to_numpy()
                np.testing.assert_allclose(bands, expected)


def test_the_same_seed_gives_the_same_null_models_with_any_number_of_threads():
    spaces, distances = spaces_of(make("rectified", 0, 90, 300))
    settings = {"k_min": 2, "k_max": 4, "n_null": 2, "n_init": 1, "n_splits": 1}
    seen = []
    for n_threads in (1, 3):
        with threadpool_limits(n_threads):
            seen.append(null_models(spaces, distances, **settings))
    other = null_models(spaces, distances, random_state=1, **settings)
    for space in spaces:
        one, again = (each[space.name].draws for each in seen)
        pd.testing.assert_frame_equal(one, again, check_exact=True)
        assert not other[space.name].draws["silhouette"].equals(one["silhouette"])


def test_one_space_alone_has_the_null_models_it_has_among_others():
    spaces, distances = spaces_of(make("rectified", 0, 90, 300))
    settings = {"n_null": 2, "n_init": 1, "n_splits": 1}
    together = null_models(spaces, distances, k_min=2, k_max=5, **settings)
    for space in spaces:
        alone = null_models([space], distances, k_min=3, k_max=4, **settings)[space.name].draws
        wide = together[space.name].draws
        narrow = wide[wide["k"].between(3, 4)].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, narrow, check_exact=True)


def test_halves_without_room_for_so_many_clusters_are_missing_not_wrong():
    X = np.repeat(make("Gaussian", 0, 8, 40), 3, axis=0)
    distances = row_distances(X)
    space = pca_space(X, n_components=3, distances=distances)
    found = half_agreement(geometry(space, distances), [2, 8], n_splits=3)
    assert np.isfinite(found[0]) and np.isnan(found[1])


def test_null_models_that_cannot_be_drawn_are_refused():
    X = make("Gaussian", 0, 150, 600)
    (raw, pca), distances = spaces_of(X)
    for arguments, said in (
        (([raw], row_distances(X, memory_budget=10)), "raise memory_budget, or cluster a sample"),
        (([replace(pca, name="umap")], distances), "valid are raw, pca, nmf"),
    ):
        with pytest.raises(InputError, match=said):
            null_models(*arguments, k_min=2, k_max=3)
    for options, said in (
        ({"k_min": 5, "k_max": 4}, "runs backwards"),
        ({"k_min": 1, "k_max": 4}, "valid numbers are 2 to 149"),
        ({"k_min": 2, "k_max": 150}, "valid numbers are 2 to 149"),
        ({"k_min": 2, "k_max": 3, "n_null": 0}, "n_null is 0"),
        ({"k_min": 2, "k_max": 3, "n_init": 0}, "n_init is 0"),
        ({"k_min": 2, "k_max": 3, "n_splits": 0}, "n_splits is 0"),
    ):
        with pytest.raises(InputError, match=said):
            null_models([pca], distances, **options)
