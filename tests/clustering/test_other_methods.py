"""Other methods: what scikit-learn says, what is left out, and noise that is counted as noise."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_mutual_info_score, silhouette_score
from threadpoolctl import threadpool_limits

from poster_analysis.clustering.other_methods import (
    METHODS,
    other_methods,
    other_methods_findings,
)
from poster_analysis.core.errors import InputError
from poster_analysis.reduction.spaces import Space

WARD, DENSE = METHODS[1:]


def make_space(X):
    return Space("pca", np.asarray(X, dtype=np.float32), {})


@pytest.fixture(scope="module")
def space():
    rng = np.random.default_rng(4)
    looks = 6 * rng.normal(size=(4, 10))[rng.integers(0, 4, 240)]
    X = looks + rng.normal(size=(240, 10))
    X[200:] = 5 * rng.normal(size=(40, 10))
    X[[50, 51]] = X[0]
    return make_space(X)


@pytest.fixture(scope="module")
def labels(space):
    return KMeans(4, n_init=3, random_state=0).fit_predict(space.X)


@pytest.fixture(scope="module")
def others(space, labels):
    return other_methods(space, labels)


def test_labels_are_those_of_scikit_learn(space, labels, others):
    X = space.X.astype(np.float64)
    expected = {
        METHODS[0]: labels,
        WARD: AgglomerativeClustering(n_clusters=4, linkage="ward").fit_predict(X),
        DENSE: HDBSCAN(min_cluster_size=5, copy=True).fit_predict(X),
    }
    assert list(others.labels) == list(METHODS)
    for method, wanted in expected.items():
        found = others.labels[method].to_numpy()
        assert adjusted_mutual_info_score(found, wanted) == pytest.approx(1)
        assert np.array_equal(found == -1, wanted == -1)
        sizes = np.bincount(found[found >= 0])
        assert (sizes > 0).all() and (np.diff(sizes) <= 0).all()


def test_numbers_are_those_of_scikit_learn_with_noise_left_out_of_the_silhouette(
    space, labels, others
):
    table = others.table.set_index("method")
    for method in METHODS:
        found, row = others.labels[method].to_numpy(), table.loc[method]
        inside = found >= 0
        assert row["n_clusters"] == len(np.unique(found[inside]))
        assert row["n_noise"] == (~inside).sum()
        exact = silhouette_score(space.X[inside].astype(np.float64), found[inside])
        assert row["silhouette"] == pytest.approx(exact, abs=1e-5)
        exact = adjusted_mutual_info_score(labels, found)
        assert row["adjusted_mutual_info"] == pytest.approx(exact)
    assert table.loc[DENSE, "n_noise"] > 0
    assert table["parameters"].tolist() == [
        "n_clusters=4", "n_clusters=4", "min_cluster_size=5, min_samples=5"
    ]  # fmt: skip
    assert list(others.table) == [
        "method", "n_clusters", "n_noise", "silhouette", "adjusted_mutual_info", "parameters"
    ]  # fmt: skip


def test_parameters_have_an_effect(space, labels, others):
    found = other_methods(space, labels, min_cluster_size=30).table.set_index("method")
    assert found.loc[DENSE, "parameters"] == "min_cluster_size=30, min_samples=30"
    assert found.loc[DENSE, "n_noise"] != others.table.set_index("method").loc[DENSE, "n_noise"]


def test_wards_method_is_left_out_beyond_the_budget_and_only_then(space, labels):
    needed = 8 * len(space) ** 2
    assert WARD in other_methods(space, labels, memory_budget=needed).labels
    found = other_methods(space, labels, memory_budget=needed - 1)
    assert list(found.labels) == [METHODS[0], DENSE]
    row = found.table.set_index("method").loc[WARD]
    assert row.drop("parameters").isna().all()
    assert "240 posters take 0.000461 GB" in row["parameters"]
    first, _ = other_methods_findings(found.table, n_posters=240)
    assert first.startswith("Agglomerative clustering (Ward) was left out: ")


def test_one_dense_region_or_none_has_no_silhouette():
    rng = np.random.default_rng(0)
    sparse = make_space(rng.normal(size=(60, 40)))
    found = other_methods(sparse, np.arange(60) % 3, min_cluster_size=20)
    row = found.table.set_index("method").loc[DENSE]
    assert (row["n_clusters"], row["n_noise"]) == (0, 60)
    assert np.isnan(row["silhouette"]) and row["adjusted_mutual_info"] == 0
    sentence = other_methods_findings(found.table, n_posters=60)[1]
    assert sentence == "HDBSCAN finds no cluster: for it all of 60 posters are noise."
    one = found.table.assign(n_clusters=1, n_noise=10)
    sentence = other_methods_findings(one, n_posters=60)[1]
    assert "finds 1 cluster and leaves 10 of 60 posters" in sentence
    assert sentence.endswith("With fewer than 2 clusters there is no silhouette.")


def test_copies_make_clusters_of_their_own():
    X = np.repeat(np.eye(3), 8, axis=0)
    found = other_methods(make_space(X), np.repeat([0, 1, 2], 8))
    assert found.table["n_clusters"].tolist() == [3, 3, 3]
    assert found.table["silhouette"].tolist() == [1, 1, 1]
    np.testing.assert_allclose(found.table["adjusted_mutual_info"], 1)
    assert found.labels.eq(found.labels[METHODS[0]], axis=0).all(axis=None)


def test_three_posters_are_enough():
    found = other_methods(make_space([[0.0], [0.1], [5.0]]), [0, 0, 1])
    assert found.labels[WARD].tolist() == [0, 0, 1]
    assert found.table["parameters"][2] == "min_cluster_size=3, min_samples=3"
    assert len(other_methods_findings(found.table, n_posters=3)) == 2


def test_clusters_of_one_poster_count():
    rng = np.random.default_rng(3)
    labels = np.append(np.zeros(20, int), [1, 2])
    X = np.append(rng.normal(size=(20, 3)), [[90, 0, 0], [0, 90, 0]], axis=0)
    found = other_methods(make_space(X), labels)
    assert found.table["adjusted_mutual_info"][1] == pytest.approx(1)


def test_the_same_whatever_the_threads_and_the_storage(space, labels, others):
    kept = space.X.copy()
    sparse = Space("raw", sp.csr_array(space.X), {})
    for threads in (1, 3):
        with threadpool_limits(threads):
            for one in (space, sparse):
                again = other_methods(one, labels)
                pd.testing.assert_frame_equal(again.table, others.table, check_exact=True)
                pd.testing.assert_frame_equal(again.labels, others.labels)
    assert np.array_equal(space.X, kept)


def test_sentences_give_the_numbers_of_the_table(others):
    table = others.table.set_index("method")
    first, second = other_methods_findings(others.table, n_posters=240)
    for value in (table.loc[WARD, "adjusted_mutual_info"], table["silhouette"].iloc[0]):
        assert f"{value:.3f}" in first
    assert f"leaves {table.loc[DENSE, 'n_noise']} of 240 posters outside" in second
    assert f"{table.loc[DENSE, 'silhouette']:.3f}" in second


def test_what_cannot_be_asked_is_refused(space, labels):
    wide = Space("raw", np.zeros((240, 513), dtype=np.float32), {})
    for one, of, options, message in (
        (wide, labels, {}, "the raw space has 513 dimensions"),
        (space, labels[1:], {}, "239 labels for 240 posters"),
        (space, np.zeros(240, int), {}, "fewer than 2 clusters"),
        (space, labels, {"min_cluster_size": 1}, "min_cluster_size is 1; valid values are 2"),
    ):
        with pytest.raises(InputError, match=message):
            other_methods(one, of, **options)
