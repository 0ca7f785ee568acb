"""References without structure, and the verdict that follows from them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from poster_analysis import chance
from poster_analysis.chance import (
    References,
    Verdict,
    random_rotation,
    references,
    verdict,
    verdict_table,
)
from poster_analysis.clustering import sweep
from poster_analysis.distances import row_distances
from poster_analysis.errors import InputError
from poster_analysis.reduction import nmf_space, pca_space, raw_space


def shapeless(n_rows=150, n_features=400, random_state=0):
    """Gaussian features with a mean and correlations, and no clusters."""
    rng = np.random.default_rng(random_state)
    axes = rng.normal(size=(15, n_features)) / np.sqrt(np.arange(1, 16))[:, None]
    X = rng.normal(size=(n_rows, 15)) @ axes + 0.5 * rng.normal(size=(n_rows, n_features))
    return X + 0.7 * rng.normal(size=n_features)


def spaces_of(X, n_components=8):
    distances = row_distances(X)
    spaces = [raw_space(X), pca_space(X, n_components=n_components, distances=distances)]
    if X.min() >= 0:
        spaces.append(nmf_space(X, n_components=n_components))
    return spaces, distances


def judge(space, distances, **options):
    settings = {"k_min": 2, "k_max": 7, "n_init": 1} | options
    return verdict(references(space, distances, **settings))


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
def test_references_by_distances_are_references_by_features(sparse):
    X = np.maximum(shapeless(), 0).astype(np.float32)
    X[5], X[9] = 0, X[8]
    distances = row_distances(sp.csr_array(X) if sparse else X)
    rotate = random_rotation(len(X), np.random.default_rng(2))
    exact = row_distances(rotate(X.T.astype(np.float64)).T)
    found = chance._rotated_distances(distances, rotate)
    np.testing.assert_allclose(found.unit, exact.unit, atol=1e-5)
    assert (np.diag(found.unit) == 0).all() and found.unit.flags.c_contiguous


@pytest.mark.parametrize("n_features", [400, 60])
def test_a_pca_reference_is_the_pca_of_rotated_features(n_features):
    X = shapeless(n_features=n_features)
    (_, pca), distances = spaces_of(X)
    drawn, _ = chance._draw(pca, distances, np.random.default_rng(4))
    rotated = random_rotation(len(X), np.random.default_rng(4))(X.T).T
    exact = PCA(8, svd_solver="full").fit_transform(normalize(rotated))
    np.testing.assert_allclose(abs(drawn.X), abs(exact), atol=1e-3)


def test_a_copula_keeps_every_value_and_goes_together_as_before():
    rng = np.random.default_rng(0)
    W = np.maximum(rng.multivariate_normal([0, 0, 0], np.eye(3) / 2 + 0.5, size=800) - 0.5, 0)
    drawn = chance._copula(W, rng)
    assert (np.sort(drawn, axis=0) == np.sort(W, axis=0)).all()
    before, after = (stats.spearmanr(one).statistic for one in (W, drawn))
    np.testing.assert_allclose(after, before, atol=0.1)


def test_nothing_is_found_where_nothing_is():
    found = [
        judge(space, distances)
        for random_state in range(4)
        for spaces, distances in [spaces_of(shapeless(random_state=random_state))]
        for space in spaces
    ]
    assert sum(one.beats_chance for one in found) <= 1
    assert np.median([one.p_value for one in found]) > 0.2


def test_rectified_noise_has_no_parts_that_chance_has_not():
    X = np.maximum(shapeless(random_state=1) - 0.3, 0)
    assert not judge(nmf_space(X, n_components=8), row_distances(X)).beats_chance


def test_planted_clusters_are_found_in_every_space():
    rng = np.random.default_rng(0)
    looks = 1.5 * rng.normal(size=(4, 400))[rng.integers(0, 4, 150)]
    spaces, distances = spaces_of(np.maximum(shapeless() + looks - 0.3, 0))
    table = verdict_table(judge(space, distances) for space in spaces)
    assert table["space"].tolist() == ["raw", "pca", "nmf"]
    assert table["beats_chance"].all() and (table["k"] == 4).all()
    assert (table["p_value"] == 1 / 20).all()


def test_two_clusters_along_one_component_are_found():
    rng = np.random.default_rng(0)
    along = 6 * rng.choice([-1, 1], size=(150, 1)) * rng.normal(size=400)
    (_, pca), distances = spaces_of(along + 3 * rng.normal(size=400) + 2 * shapeless())
    found = judge(pca, distances)
    assert found.beats_chance and found.k == 2


def test_few_features_and_many_are_judged_alike():
    X = shapeless(n_features=60)
    wide = np.hstack([X, np.zeros((150, 600))])
    for few, many in zip(spaces_of(X)[0], spaces_of(wide)[0], strict=True):
        tables = [
            references(space, row_distances(rows), k_min=2, k_max=5, n_references=3).table
            for space, rows in ((few, X), (many, wide))
        ]
        pd.testing.assert_frame_equal(*tables, atol=2e-3)


def test_the_data_are_their_own_first_draw():
    spaces, distances = spaces_of(np.maximum(shapeless(), 0))
    for space in spaces:
        found = references(space, distances, k_min=3, k_max=5, n_references=2, n_init=4)
        first = found.draws[found.draws["draw"] == 0]["silhouette"].to_numpy()
        swept = sweep(space, distances, k_min=3, k_max=5, n_init=4).table["silhouette"]
        np.testing.assert_array_equal(first, swept)
        rest = found.draws[found.draws["draw"] > 0].groupby("k")["silhouette"]
        np.testing.assert_allclose(found.table["silhouette_chance"], rest.mean())
        assert (found.table["silhouette_chance_low"].to_numpy() == rest.min()).all()
        assert (found.table["silhouette_chance_high"].to_numpy() == rest.max()).all()
        assert found.parameters["n_init"] == 4 and found.table["k"].tolist() == [3, 4, 5]


def test_the_same_seed_gives_the_same_references_with_any_number_of_threads():
    spaces, distances = spaces_of(np.maximum(shapeless(), 0))
    for space in spaces:
        seen = []
        for n_threads in (1, 3):
            with threadpool_limits(n_threads):
                seen.append(references(space, distances, k_min=2, k_max=4, n_references=2).draws)
        pd.testing.assert_frame_equal(*seen, check_exact=True)
        other = references(space, distances, k_min=2, k_max=4, n_references=2, random_state=1)
        assert not other.draws["silhouette"].equals(seen[0]["silhouette"])


def draws_of(curves):
    """References as if these curves, one per draw, had been found for k from 2."""
    curves = np.asarray(curves, dtype=float)
    draw, k = np.indices(curves.shape)
    draws = pd.DataFrame(
        {"space": "pca", "draw": draw.ravel(), "k": k.ravel() + 2, "silhouette": curves.ravel()}
    )
    return References(draws, pd.DataFrame(), {"n_init": 1})


def test_the_p_value_counts_the_whole_range():
    """The data stand out at one k, and a reference stands out more at another."""
    curves = np.full((20, 3), 0.1)
    curves[0, 1] = 0.2
    assert verdict(draws_of(curves)).p_value == 1 / 20
    curves[5, 2] = 0.3
    found = verdict(draws_of(curves))
    assert found.p_value == 2 / 20 and not found.beats_chance
    assert found.k == 3 and found.silhouette == 0.2
    assert found.silhouette_chance == pytest.approx(0.1)


def test_curves_that_are_all_the_same_beat_nothing():
    assert verdict(draws_of(np.full((20, 4), 0.3))).p_value == 1


@given(st.integers(0, 19), st.randoms(use_true_random=False))
def test_the_p_value_is_the_rank_of_the_data(place, random):
    order = list(range(20))
    random.shuffle(order)
    order.remove(place)
    curves = np.array([place, *order])[:, None] / 100 + [[0.0, 0.0]]
    assert verdict(draws_of(curves)).p_value == (20 - place) / 20


def test_a_few_references_cannot_reach_five_per_cent():
    curves = np.full((10, 2), 0.1)
    curves[0] = 0.9
    found = verdict(draws_of(curves))
    assert found.p_value == 1 / 10 and not found.beats_chance


ONE = Verdict("pca", 7, 0.05, 0.03, 0.05, True, 5, 25, 19, 3)


@pytest.mark.parametrize("space", ["raw", "pca", "nmf"])
@pytest.mark.parametrize(
    ("silhouette", "said"),
    [(0.05, "is very weak: "), (0.4, "is weak: "), (0.6, "in between"), (0.8, "well")],
)
def test_the_words_follow_from_the_numbers(space, silhouette, said):
    found = replace(ONE, space=space, silhouette=silhouette)
    assert said in found.paragraph and "more structure than" in found.paragraph
    assert f"{silhouette:.3f} against 0.030" in found.paragraph and "k = 5 to 25" in found.paragraph
    assert "\n" not in found.paragraph


def test_clusters_are_never_said_to_exist():
    for one in (ONE, replace(ONE, silhouette=0.9), replace(ONE, p_value=0.5, beats_chance=False)):
        assert "clusters exist" not in one.paragraph.replace("not show that clusters exist", "")
    beaten = replace(ONE, p_value=0.5, beats_chance=False)
    assert "no more structure" in beaten.paragraph and "supports no number" in beaten.paragraph
    below = replace(beaten, silhouette=0.02)
    assert "comes nearest" in below.paragraph


def test_a_verdict_can_be_made_again_from_its_table():
    table = verdict_table([ONE])
    row = table.drop(columns="strength").to_dict("records")[0]
    assert Verdict(**row) == ONE and table["strength"].tolist() == ["very weak"]


def test_references_that_cannot_be_drawn_are_refused():
    X = shapeless(n_features=600)
    (raw, pca), distances = spaces_of(X)
    for arguments, said in (
        ((raw, row_distances(X, memory_budget=10)), "raise memory_budget, or cluster a sample"),
        ((replace(pca, name="umap"), distances), "valid are raw, pca, nmf"),
        ((replace(pca, name="nmf"), distances), "without its weights"),
    ):
        with pytest.raises(InputError, match=said):
            references(*arguments, k_min=2, k_max=3)
    for options, said in (
        ({"k_min": 5, "k_max": 4}, "runs backwards"),
        ({"k_min": 1, "k_max": 4}, "valid numbers are 2 to 149"),
        ({"k_min": 2, "k_max": 150}, "valid numbers are 2 to 149"),
        ({"k_min": 2, "k_max": 3, "n_references": 0}, "n_references is 0"),
        ({"k_min": 2, "k_max": 3, "n_init": 0}, "n_init is 0"),
    ):
        with pytest.raises(InputError, match=said):
            references(pca, distances, **options)
