"""Null models without structure: what they keep, what they destroy, and that they are scored as the data are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.fft import dct
from shapeless import make
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, silhouette_score
from threadpoolctl import threadpool_limits

from poster_analysis.clustering.all_k import k_means_for_all_k
from poster_analysis.clustering.chance import evidence, space_coordinates
from poster_analysis.clustering.judged import distinct_rows, judged
from poster_analysis.clustering.null_models import GaussianCopula, GaussianNull, random_rotation
from poster_analysis.clustering.prediction_strength import prediction_strength
from poster_analysis.core.errors import InputError

SPACES = {"raw": None, "pca": 6, "nmf": 6}


@given(st.integers(3, 400), st.integers(0, 10))
def test_a_rotation_keeps_the_mean_and_all_products(n_rows, seed):
    values = np.random.default_rng(seed).gamma(1, size=(3, n_rows))
    rotated = random_rotation(n_rows, np.random.default_rng(seed))(dct(values, norm="ortho"))
    np.testing.assert_allclose(rotated.mean(axis=1), values.mean(axis=1), rtol=1e-9)
    np.testing.assert_allclose(rotated @ rotated.T, values @ values.T, rtol=1e-9)


def test_rotations_are_as_random_as_can_be():
    """Coordinates of a rotated poster are as normal as those of a uniformly random rotation."""
    poster = np.zeros(500)
    poster[7] = 1
    rotated = [
        random_rotation(500, np.random.default_rng(seed))(dct(poster, norm="ortho"))
        for seed in range(40)
    ]
    centred = np.sqrt(500) * (np.array(rotated) - 1 / 500)
    assert stats.kstest(centred[:, ::10].ravel(), "norm").pvalue > 0.01
    assert abs(np.corrcoef(centred) - np.eye(40)).max() < 0.25


@pytest.mark.parametrize("n_features", [600, 60])
@pytest.mark.parametrize("normalised", [True, False])
def test_null_models_by_products_are_null_models_by_features(n_features, normalised):
    X = judged(make("rectified", 0, 120, n_features), normalised=normalised).X.astype(np.float64)
    found = GaussianNull(X @ X.T, normalised=normalised).sample(np.random.default_rng(2))
    exact = random_rotation(len(X), np.random.default_rng(2))(dct(X.T, norm="ortho")).T
    if normalised:
        exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    assert found.shape[1] <= min(120, n_features), "few features need few dimensions"
    np.testing.assert_allclose(found @ found.T, exact @ exact.T, atol=1e-6 * found.max() ** 2)


@pytest.mark.parametrize("n_features", [40, 200])
def test_rows_and_products_have_the_same_principal_axes(n_features):
    X = make("rectified", 1, 90, n_features)
    found = space_coordinates(X, None, {"raw": None, "pca": 5})
    other = space_coordinates(None, X @ X.T, {"raw": None, "pca": 5})
    for space in found:
        assert found[space].shape == other[space].shape
        np.testing.assert_allclose(abs(found[space]), abs(other[space]), atol=2e-3 * abs(X).max())


def test_a_long_row_changes_neither_the_posters_that_are_judged_nor_their_null_models():
    """Rows are divided by their norms first, so that how long one is makes no difference at all."""
    X = make("four looks", 0, 100, 200)
    longer = X.copy()
    longer[7] *= 64
    found = [evidence(judged(one), {"pca": 6}, k_max=4, n_null=2)["pca"] for one in (X, longer)]
    pd.testing.assert_frame_equal(found[0].draws, found[1].draws, atol=1e-5)


@given(st.integers(0, 1000))
def test_a_copula_gives_every_feature_its_own_values(seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(-2, 4, size=(rng.integers(2, 40), rng.integers(1, 12))).astype(np.float32)
    X[:, 0] = 0  # a feature that nobody has
    drawn = GaussianCopula(X, normalised=False).sample(rng)
    np.testing.assert_array_equal(np.sort(drawn, axis=0), np.sort(X, axis=0))


def test_features_of_a_copula_go_together_as_before():
    rng = np.random.default_rng(0)
    X = np.maximum(rng.multivariate_normal([0, 0, 0], np.eye(3) / 2 + 0.5, size=800) - 0.5, 0)
    drawn = GaussianCopula(X, normalised=False).sample(rng)
    before, after = (stats.spearmanr(one).statistic for one in (X, drawn))
    np.testing.assert_allclose(after, before, atol=0.1)


def test_nobody_belongs_to_a_group_in_a_null_model():
    """Halves of four looks predict each other; those of null models do so much less."""
    X = judged(make("four looks", 0)).X
    rng = np.random.default_rng(0)
    drawn = GaussianCopula(X).sample(rng)
    found = []
    for one in (X, GaussianNull(X @ X.T).sample(rng), drawn):
        coordinates = space_coordinates(one, None, {"pca": 6})["pca"]
        found.append(prediction_strength(coordinates, [4])["prediction_strength"].iloc[0])
    assert found[0] > 0.9 and max(found[1:]) < 0.7


def test_the_silhouettes_of_the_data_are_those_of_scikit_learn():
    posters = judged(make("four looks", 0, 90, 300))
    found = evidence(posters, SPACES, k_min=3, k_max=5, n_null=1)
    pca = PCA(6, svd_solver="full").fit_transform(posters.X)
    for space, X in (("raw", posters.X), ("pca", pca)):
        data = found[space].draws.query("null_model == 'data' and k == 4")["silhouette"].item()
        labels = KMeans(4, n_init=10, random_state=9).fit_predict(X)
        assert abs(data - silhouette_score(X, labels)) < 1e-3
    assert found["nmf"].kinds == ["copula"] and found["pca"].kinds == ["gaussian", "copula"]


def test_the_same_seed_gives_the_same_with_any_number_of_threads_and_one_space_or_several():
    posters = judged(make("rectified", 0, 90, 300))
    settings = {"k_max": 4, "n_null": 2, "n_init": 1, "n_splits": 1, "n_boot": 2}
    seen = []
    for n_threads in (1, 3):
        with threadpool_limits(n_threads):
            seen.append(evidence(posters, SPACES, **settings))
    other = evidence(posters, SPACES, random_state=1, **settings)
    for space, n_components in SPACES.items():
        alone = evidence(posters, {space: n_components}, **settings)[space]
        for table in ("draws", "by_k", "clusters"):
            one, again, single = (
                getattr(each, table) for each in (seen[0][space], seen[1][space], alone)
            )
            pd.testing.assert_frame_equal(one, again, check_exact=True)
            pd.testing.assert_frame_equal(one, single, check_exact=True)
        assert not other[space].draws["silhouette"].equals(seen[0][space].draws["silhouette"])


def test_what_cannot_be_judged_is_refused():
    posters = judged(make("Gaussian", 0, 60, 100))
    for spaces, options, said in (
        ({"umap": 2}, {}, "valid are raw, pca, nmf"),
        ({"nmf": 5}, {}, "negative values"),
        ({"pca": 5}, {"k_min": 5, "k_max": 4}, "runs backwards"),
        ({"pca": 5}, {"k_min": 1}, "valid are 2 to 30"),
        ({"pca": 5}, {"k_max": 31}, "valid are 2 to 30"),
        ({"pca": 5}, {"n_null": 0}, "n_null is 0"),
        ({"pca": 5}, {"n_splits": 0}, "n_splits is 0"),
        ({"pca": 200}, {}, "valid are raw, pca, nmf with 1 to 59"),
    ):
        with pytest.raises(InputError, match=said):
            evidence(posters, spaces, **{"k_max": 3, "n_null": 1} | options)


@given(st.integers(0, 200))
def test_near_copies_are_left_out_and_small_tight_groups_are_not(seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(40, 20))
    copies = rows[:6] + 0.02 * rng.normal(size=(6, 20))
    tight = 0.3 * rng.normal(size=(8, 20)) + 4
    X = np.vstack([rows, copies, tight])
    kept = distinct_rows(np.square(X[:, None] - X).sum(axis=2))
    assert kept.tolist() == [*range(40), *range(46, 54)]


def test_k_means_for_all_k_takes_the_same_steps_on_leading_axes_and_on_all():
    X = make("four looks", 3, 150, 400)
    found = k_means_for_all_k(X - X.mean(axis=0), [4])
    labels = KMeans(4, n_init=5, random_state=9).fit_predict(X)
    assert adjusted_rand_score(found.labels[:, 0], labels) > 0.95
