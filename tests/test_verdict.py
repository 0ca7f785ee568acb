"""The verdict: its p-values, its words, and how often it is wrong. The longer count is a benchmark, `verdict_rates.py`."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapeless import PLANTED, SHAPELESS, make
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from poster_analysis.backbones import load_backbone
from poster_analysis.distances import row_distances
from poster_analysis.drawing.films import invent_film
from poster_analysis.drawing.posters import choose_look, draw_poster
from poster_analysis.images import resize_image
from poster_analysis.reduction import nmf_space, pca_space, raw_space
from poster_analysis.references import References, references
from poster_analysis.verdict import (
    Verdict,
    compare,
    largest_excess_p_values,
    verdict,
    verdict_from_table,
    verdict_table,
)


def judged(X, *names, **options):
    """Verdicts in these spaces."""
    distances = row_distances(X)
    make_space = {
        "raw": lambda: raw_space(X),
        "pca": lambda: pca_space(X, n_components=8, distances=distances),
        "nmf": lambda: nmf_space(X, n_components=8),
    }
    settings = {"k_min": 2, "k_max": 5, "n_init": 1, "n_splits": 5} | options
    found = references([make_space[name]() for name in names], distances, **settings)
    return {name: verdict(one) for name, one in found.items()}


@pytest.mark.parametrize("kind", SHAPELESS)
def test_no_number_of_clusters_is_supported_where_nothing_is(kind):
    assert judged(make(kind, 0, 150, 400), "pca")["pca"].k_supported is None


def test_gaussian_data_have_no_more_structure_than_gaussian_data():
    found = judged(make("Gaussian", 5, 150, 400), "raw", "pca")
    assert all(one.outcome == "nothing" for one in found.values())
    assert "no more structure" in found["pca"].paragraph


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_clusters_are_supported(kind):
    for name, one in judged(make(kind, 0), "raw", "pca").items():
        assert one.k_supported == PLANTED[kind][1], name


def test_a_few_distinct_looks_among_drawn_posters_are_found():
    """Thirty posters in each of three looks, by the colour layout: what nobody can miss, the verdict does not miss."""
    rng, backbone = np.random.default_rng(9), load_backbone("colour")
    looks = [choose_look(genre, rng) for genre in ("Western", "Film-Noir", "Romance")]
    images, truth = [], np.arange(90) % 3
    for number, look in enumerate(truth):
        film = invent_film(looks[look].genre, number, np.random.default_rng([9, number]))
        image = draw_poster(film, looks[look], random_state=[9, number]).convert("RGB")
        images.append(resize_image(image, size=backbone.input_size, resize=backbone.resize))
    X = backbone.transform(np.stack(images))
    one = judged(X, "pca")["pca"]
    assert one.k_supported is not None and one.silhouette > 2 * one.silhouette_reference
    assert 3 in (one.k_supported, *map(int, one.also_supported.split(", ")))
    labels = KMeans(3, n_init=3, random_state=9).fit_predict(pca_space(X, n_components=8).X)
    assert adjusted_rand_score(truth, labels) == 1


def draws_of(silhouette, stability=None, kinds=("gaussian",), space="pca", n_posters=400):
    """References as if these curves had been found: the data in the first row, then those of each kind."""
    silhouette = np.asarray(silhouette, dtype=float)
    stability = np.full_like(silhouette, 0.5) if stability is None else np.asarray(stability, float)
    per_kind = (len(silhouette) - 1) // len(kinds)
    owner = ["data", *np.repeat(kinds, per_kind)]
    numbers = [0, *(n for _ in kinds for n in range(1, per_kind + 1))]
    draws = pd.DataFrame(
        {
            "reference": np.repeat(owner, silhouette.shape[1]),
            "draw": np.repeat(numbers, silhouette.shape[1]),
            "k": np.tile(np.arange(2, 2 + silhouette.shape[1]), len(silhouette)),
            "silhouette": silhouette.ravel(),
            "stability": stability.ravel(),
        }
    )
    facts = {"space": space, "n_posters": n_posters, "n_references": per_kind}
    return References(draws, facts | {"n_init": 3, "n_splits": 5})


def noise(n_curves, n_numbers=4, seed=0):
    return 0.1 + 0.01 * np.random.default_rng(seed).normal(size=(n_curves, n_numbers))


@given(st.integers(0, 19), st.randoms(use_true_random=False))
def test_the_p_value_is_the_rank_of_the_data(place, random):
    order = list(range(20))
    random.shuffle(order)
    order.remove(place)
    curves = np.array([place, *order])[:, None] / 100 + [[0.0, 0.0]]
    assert largest_excess_p_values(curves).min() == (20 - place) / 20


def test_the_p_value_counts_the_whole_range():
    """The data stand out at one k, and a reference stands out more at another."""
    curves = noise(20)
    curves[0, 1] = 0.2
    assert largest_excess_p_values(curves)[1] == 1 / 20
    curves[5, 2] = 0.4
    assert largest_excess_p_values(curves)[1] == 2 / 20


def test_a_few_references_cannot_reach_five_per_cent():
    curves = noise(10)
    curves[0] = 0.9
    assert largest_excess_p_values(curves).min() == 1 / 10
    assert verdict(draws_of(curves, curves)).k_supported is None


def test_curves_that_are_all_the_same_beat_nothing():
    assert (largest_excess_p_values(np.full((20, 4), 0.3)) == 1).all()


def test_a_missing_value_supports_nothing():
    silhouette, stability = noise(20), noise(20, seed=1) + 0.4
    silhouette[0, 1] = stability[0, 1] = 0.9
    assert compare(draws_of(silhouette, stability))["supported"].tolist() == [
        False,
        True,
        False,
        False,
    ]
    stability[0, 1] = np.nan
    found = draws_of(silhouette, stability)
    assert not compare(found)["supported"].any()
    assert "have no room" in verdict(found).paragraph


def test_both_kinds_of_references_have_to_be_beaten():
    silhouette, stability = noise(39), noise(39, seed=1) + 0.4
    silhouette[0, 1] = stability[0, 1] = 0.9
    kinds = ("gaussian", "copula")
    assert verdict(draws_of(silhouette, stability, kinds)).k_supported == 3
    for lowered in (silhouette, stability):
        kept = lowered[30].copy()
        lowered[30, 1] = 0.95
        assert verdict(draws_of(silhouette, stability, kinds)).k_supported is None
        lowered[30] = kept


def test_separation_alone_and_stability_alone_support_nothing():
    high, low = noise(20), noise(20, seed=1)
    high[0, 1] = 0.6
    separate, stable = verdict(draws_of(high, low)), verdict(draws_of(low, high))
    assert (separate.outcome, stable.outcome) == ("separate", "stable")
    for one in (separate, stable):
        assert one.k_supported is None and "no number of clusters is supported" in one.paragraph


ONE = Verdict(
    space="pca", k_supported=7, also_supported="6", k=7, silhouette=0.05, silhouette_reference=0.03,
    p_silhouette=0.05, stability=0.8, stability_reference=0.4, p_stability=0.05, k_stable=7,
    p_stable=0.05, elbow=9, kinds="gaussian,copula", k_min=5, k_max=25, n_posters=500,
    n_references=19, n_init=3, n_splits=5,
)  # fmt: skip


@pytest.mark.parametrize("space", ["raw", "pca", "nmf"])
@pytest.mark.parametrize(
    ("silhouette", "said"),
    [(0.05, "is very weak: "), (0.4, "is weak: "), (0.6, "in between"), (0.8, "well")],
)
def test_the_words_follow_from_the_numbers(space, silhouette, said):
    found = replace(ONE, space=space, silhouette=silhouette)
    assert said in found.paragraph and "more structure than" in found.paragraph
    assert f"{silhouette:.3f} against 0.030" in found.paragraph and "k = 5 to 25" in found.paragraph
    assert "k = 7 is supported" in found.paragraph and "as well: k = 6" in found.paragraph
    assert "bends most at k = 9" in found.paragraph and "\n" not in found.paragraph


def test_clusters_are_never_said_to_exist():
    missing = replace(ONE, k_supported=None, also_supported="", p_stability=0.5, p_stable=0.5)
    for one in (ONE, missing, replace(missing, p_silhouette=0.4), replace(ONE, silhouette=0.9)):
        assert "clusters exist" not in one.paragraph


@pytest.mark.parametrize(
    "one", [ONE, replace(ONE, k_supported=None, also_supported="", elbow=None)]
)
def test_a_verdict_can_be_made_again_from_its_file(one, tmp_path):
    from poster_analysis.files import read_table, write_table

    path = write_table(verdict_table(one), tmp_path / "verdict.csv")
    assert verdict_from_table(read_table(path)) == one
