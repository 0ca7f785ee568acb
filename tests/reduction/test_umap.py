"""Maps: places that keep proportions, copies that share theirs, and a method that is always stated."""

import importlib.machinery
import importlib.util
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from poster_analysis.core.errors import InputError
from poster_analysis.distances.measure import row_distances
from poster_analysis.distances.neighbours import nearest_neighbours
from poster_analysis.reduction import umap
from poster_analysis.reduction.umap import map_method, neighbours_kept, poster_map

NEEDS_UMAP = pytest.mark.skipif(
    importlib.util.find_spec("umap") is None, reason="umap-learn is not installed"
)


def features(n=60, d=12, seed=0):
    return np.abs(np.random.default_rng(seed).normal(size=(n, d))).astype(np.float32)


@pytest.fixture
def without_umap(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "umap" else find(name)
    )


@pytest.fixture
def with_umap(monkeypatch):
    find, spec = importlib.util.find_spec, importlib.machinery.ModuleSpec("umap", None)
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: spec if name == "umap" else find(name)
    )


def test_pca_stands_in_for_umap_only_with_the_reason(without_umap):
    made = poster_map(features())
    assert made.method == "pca"
    assert made.reason == "PCA because umap-learn is not installed"
    assert set(made.table([str(row) for row in range(60)])["method"]) == {"pca"}
    with pytest.raises(
        InputError, match=r"umap-learn, which is not installed.*poster-analysis\[map\]"
    ):
        poster_map(features(), method="umap")


def test_umap_is_taken_where_it_is_and_posters_suffice(with_umap):
    assert map_method() == ("umap", "UMAP")
    assert map_method("umap") == ("umap", "UMAP as asked for")
    assert map_method("auto", n_posters=4)[0] == "pca"
    with pytest.raises(InputError, match="needs 5 different posters, and there are 4"):
        map_method("umap", n_posters=4)


@given(st.integers(2, 30), st.integers(1, 6), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_the_longer_side_goes_from_0_to_1_and_proportions_stay(n, d, seed):
    xy = np.random.default_rng(seed).normal(size=(n, 2)) * [1, d]
    scaled = umap._scaled(xy)
    assert scaled.min() >= -1e-12 and scaled.max() <= 1 + 1e-12
    np.testing.assert_allclose(np.ptp(scaled, axis=0).max(), 1)
    np.testing.assert_allclose(
        np.ptp(scaled, axis=0) * np.ptp(xy, axis=0).max(), np.ptp(xy, axis=0)
    )


def test_a_map_by_pca_is_the_first_two_components_of_scikit_learn():
    X = features()
    unit = X / np.linalg.norm(X.astype(np.float64), axis=1, keepdims=True)
    oracle = umap._scaled(PCA(2, svd_solver="full").fit_transform(unit))
    for distances in (None, row_distances(X)):
        xy = poster_map(X, method="pca", distances=distances).xy
        for axis in (0, 1):
            error = min(
                np.abs(sign * (oracle - 0.5) - (xy - 0.5))[:, axis].max() for sign in (1, -1)
            )
            assert error < 1e-4


@pytest.mark.parametrize("method", ["pca", pytest.param("umap", marks=NEEDS_UMAP)])
def test_copies_share_a_place_and_threads_change_nothing(method):
    X = features()
    X[[7, 30]] = X[2]
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(poster_map(X, method=method).xy)
    assert (found[0][[7, 30]] == found[0][2]).all()
    assert found[0].tobytes() == found[1].tobytes()
    assert len(np.unique(found[0], axis=0)) == 58


def test_umap_is_given_the_exact_neighbours_and_looks_for_none(monkeypatch):
    given = {}

    class Recorded:
        def __init__(self, **options):
            given.update(options)

        def fit_transform(self, start):
            return start

    monkeypatch.setattr(umap, "_umap_class", lambda: Recorded)
    X = features(40)
    X[3] = 0  # a black picture is like no other
    poster_map(X, method="umap", n_neighbors=6)
    rows, apart, _ = given["precomputed_knn"]
    exact, similarities = nearest_neighbours(X, n_neighbors=5)
    assert rows[:, 0].tolist() == list(range(40)) and (apart[:, 0] == 0).all()
    assert (rows[:, 1:] == exact).all() and given["force_approximation_algorithm"]
    np.testing.assert_allclose(apart[:, 1:], 1 - similarities, atol=1e-6)
    assert (apart[3, 1:] == 1).all() and given["n_neighbors"] == 6


@NEEDS_UMAP
def test_a_map_by_umap_keeps_more_neighbours_than_one_by_pca_and_leaves_tensorflow_out():
    rng = np.random.default_rng(4)
    groups = np.abs(rng.normal(size=(12, 30)))[np.arange(240) % 12]
    X = np.maximum(groups + 0.4 * rng.normal(size=(240, 30)), 0).astype(np.float32)
    nearest, _ = nearest_neighbours(X, n_neighbors=6)
    by_umap, by_pca = (poster_map(X, method=method) for method in ("umap", "pca"))
    assert by_umap.reason == "UMAP as asked for"
    kept = [neighbours_kept(one.xy, nearest) for one in (by_umap, by_pca)]
    assert kept[0] > 1.5 * kept[1] > 6 / 239
    loaded = "import sys, numpy, poster_analysis.reduction.umap as m; m._umap_class(); print('tensorflow' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "False" and told.stderr == ""


def test_spaces_of_one_dimension_and_few_posters_have_a_map(without_umap):
    line = poster_map(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], dtype=np.float32))
    assert line.xy.shape == (3, 2) and np.ptp(line.xy, axis=0).max() == 1
    assert poster_map(features(2, 3)).xy.shape == (2, 2)
    one = poster_map(np.array([[0.0], [2.0]], dtype=np.float32))
    assert one.xy[:, 1].tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "tsne"}, "valid are auto, umap, pca"),
        ({"n_neighbors": 1}, "at least 2"),
        ({"min_dist": -0.1}, "0 to 1"),
    ],
)
def test_what_is_out_of_range_is_named(options, words):
    with pytest.raises(InputError, match=words):
        poster_map(features(), **options)


def test_ids_must_be_as_many_as_posters():
    with pytest.raises(InputError, match="60 posters, but 2 ids"):
        poster_map(features(), method="pca").table(["a", "b"])


def test_a_map_that_shows_all_there_is_keeps_every_neighbour():
    xy = np.random.default_rng(1).random((40, 2))
    distances = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert neighbours_kept(xy, np.argsort(distances, axis=1)[:, :6]) == 1
    assert neighbours_kept(xy, np.argsort(-distances + 0, axis=1)[:, 1:7]) < 0.1
    assert 0 <= neighbours_kept(np.zeros((40, 2)), np.argsort(distances, axis=1)[:, :6]) <= 1
