"""The verdict: its p-values, its words, and how often it is wrong. The longer count is a benchmark, `verdict_rates.py`."""

import re
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapeless import PLANTED, SHAPELESS, make
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from poster_analysis.clustering.null_models import NullModels, null_models
from poster_analysis.clustering.verdict import (
    ALPHA,
    FEWEST_NULL_DRAWS,
    NEAR_ZERO,
    Verdict,
    compare,
    largest_excess_p_values,
    silhouette_reading,
    verdict,
    verdict_from_table,
    verdict_table,
)
from poster_analysis.collection.images import resize_image
from poster_analysis.core.errors import InputError
from poster_analysis.core.files import read_table, write_table
from poster_analysis.distances.measure import row_distances
from poster_analysis.drawing.films import invent_film
from poster_analysis.drawing.posters import choose_look, draw_poster
from poster_analysis.extraction.backbones import load_backbone
from poster_analysis.reduction.spaces import nmf_space, pca_space, raw_space
from poster_analysis.words.verdict import (
    chance_findings,
    described_finding,
    difference_findings,
    silhouette_scale,
    support_findings,
    verdict_paragraph,
    verdict_sentences,
)


def verdicts_in(X, *names):
    """Verdicts in these spaces."""
    distances = row_distances(X)
    spaces = {
        "raw": lambda: raw_space(X),
        "pca": lambda: pca_space(X, n_components=8, distances=distances),
        "nmf": lambda: nmf_space(X, n_components=8),
    }
    settings = {"k_min": 2, "k_max": 4, "n_init": 1, "n_splits": 3}
    found = null_models([spaces[name]() for name in names], distances, **settings)
    return {name: verdict(one) for name, one in found.items()}


LOOKED_AT = {
    "Gaussian": ("raw", "pca"),
    "heavy-tailed": ("pca",),
    "skewed": ("raw",),
    "rectified": ("raw", "pca", "nmf"),
    "four looks": ("raw", "pca"),
    "two along one component": ("pca",),
}


@cache
def made_verdicts(kind):
    """Verdicts on made data of a kind, in those spaces that the tests look at."""
    return verdicts_in(make(kind, 0, 100, 300), *LOOKED_AT[kind])


@pytest.mark.parametrize("kind", SHAPELESS)
def test_no_number_of_clusters_is_supported_where_nothing_is(kind):
    assert all(one.k_supported is None for one in made_verdicts(kind).values())


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_clusters_are_supported(kind):
    for name, one in made_verdicts(kind).items():
        assert one.k_supported == PLANTED[kind][1], name


def test_of_data_without_structure_it_is_said_that_there_is_none():
    """Gaussian data: not more separate than any null model, and nothing that sounds as if they were."""
    for one in made_verdicts("Gaussian").values():
        assert one.outcome == "nothing"
        first, second, third, *_ = verdict_sentences(one)
        assert first.endswith("no number of clusters is supported.")
        assert second.startswith("For no k from 2 to 4 are the clusters more separate than")
        assert second.count("random data") == 2 and f"k = {one.k} comes nearest" in second
        assert third.startswith(f"There the silhouette is {one.silhouette:.3f}, ")
        assert "more structure" not in verdict_paragraph(one)


def test_a_silhouette_near_0_is_said_to_be_near_0_and_how_far_from_each_null_model():
    """Skewed data in many dimensions: as posters are, hardly above 0, and below what the null models reach."""
    one = made_verdicts("skewed")["raw"]
    assert one.near_zero and one.outcome == "nothing"
    said = verdict_paragraph(one)
    assert "That is near 0 (within 0.1 of it)" in said and "6 % nearer to its own cluster" in said
    row = verdict_table(one).iloc[0]
    for kind, name in (("gaussian", "Gaussian data"), ("copula", "the Gaussian copula")):
        difference = row[f"silhouette_minus_{kind}"]
        assert difference == one.silhouette - row[f"silhouette_{kind}"]
        size = f"{abs(difference):.3f} {'more' if difference > 0 else 'less'} than in {name}"
        ends = [f"{row[f'silhouette_{kind}{end}']:.3f}" for end in ("", "_low", "_high")]
        assert f"{size} ({ends[0]}; {ends[1]} to {ends[2]}" in said


def test_of_data_that_beat_one_kind_of_null_model_only_the_two_are_told_apart():
    one = made_verdicts("heavy-tailed")["pca"]
    assert one.p_silhouette_gaussian <= ALPHA < one.p_silhouette_copula
    first, second, *_ = verdict_sentences(one)
    assert first.endswith("no number of clusters is supported.")
    beaten, _, other = second.partition(", but not than those of ")
    assert "(Gaussian data)" in beaten and "copula" not in beaten
    assert "(a Gaussian copula)" in other and other.endswith("and no other k exceeds both.")
    assert "more structure" not in verdict_paragraph(one)


def test_of_data_that_are_separate_but_do_not_come_back_both_is_said():
    """Rectified data beat both null models by their silhouette, which is near 0 all the same."""
    one = made_verdicts("rectified")["raw"]
    assert one.outcome == "separate" and one.near_zero
    said = verdict_sentences(one)
    assert said[0].endswith("no number of clusters is supported.")
    assert (
        "there is more structure than in" in said[1] and "the clusters are more separate" in said[1]
    )
    assert said[3].startswith("That is near 0")
    assert said[4].startswith("But the clusters come back no more surely than theirs")


@pytest.mark.parametrize("kind", PLANTED)
def test_of_data_with_planted_clusters_all_is_said_and_no_more_than_is_known(kind):
    for one in made_verdicts(kind).values():
        said = verdict_sentences(one)
        assert f"k = {PLANTED[kind][1]} clusters are supported" in said[0]
        assert "more structure than" in said[1] and "more separate" in said[1]
        assert said[2].count("more than in") == 2
        assert f"reads as {silhouette_reading(one.silhouette)} structure" in said[3]
        assert said[4].startswith("The clusters come back more surely than theirs")
        assert said[5].startswith(
            "This is more structure than these null models have, which is not to"
        )
        assert "near 0" not in verdict_paragraph(one) and len(said) <= 7


def test_a_few_distinct_looks_among_drawn_posters_are_found():
    """Twenty posters in each of three looks, by the colour layout: what nobody can miss, the verdict does not miss."""
    rng, backbone = np.random.default_rng(9), load_backbone("colour")
    looks = [choose_look(genre, rng) for genre in ("Western", "Film-Noir", "Romance")]
    images, truth = [], np.arange(60) % 3
    for number, look in enumerate(truth):
        film = invent_film(looks[look].genre, number, np.random.default_rng([9, number]))
        image = draw_poster(film, looks[look], random_state=[9, number]).convert("RGB")
        images.append(resize_image(image, size=backbone.input_size, resize=backbone.resize))
    X = backbone.transform(np.stack(images))
    one = verdicts_in(X, "pca")["pca"]
    assert one.k_supported is not None
    assert min(one.minus("gaussian"), one.minus("copula")) > one.silhouette / 2
    assert "3" in (str(one.k_supported), *one.also_supported.split(", "))
    labels = KMeans(3, n_init=3, random_state=9).fit_predict(pca_space(X, n_components=8).X)
    assert adjusted_rand_score(truth, labels) == 1


def draws_of(silhouette, stability=None, kinds=("gaussian",), space="pca", n_posters=400):
    """Null models as if these curves had been found: the data in the first row, then those of each kind."""
    silhouette = np.asarray(silhouette, dtype=float)
    stability = np.full_like(silhouette, 0.5) if stability is None else np.asarray(stability, float)
    per_kind = (len(silhouette) - 1) // len(kinds)
    owner = ["data", *np.repeat(kinds, per_kind)]
    numbers = [0, *(n for _ in kinds for n in range(1, per_kind + 1))]
    draws = pd.DataFrame(
        {
            "null_model": np.repeat(owner, silhouette.shape[1]),
            "draw": np.repeat(numbers, silhouette.shape[1]),
            "k": np.tile(np.arange(2, 2 + silhouette.shape[1]), len(silhouette)),
            "silhouette": silhouette.ravel(),
            "stability": stability.ravel(),
        }
    )
    facts = {"space": space, "n_posters": n_posters, "n_null": per_kind}
    return NullModels(draws, facts | {"n_init": 3, "n_splits": 5})


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
    """The data stand out at one k, and a null model stands out more at another."""
    curves = noise(20)
    curves[0, 1] = 0.2
    assert largest_excess_p_values(curves)[1] == 1 / 20
    curves[5, 2] = 0.4
    assert largest_excess_p_values(curves)[1] == 2 / 20


def test_a_few_null_models_cannot_reach_five_per_cent():
    curves = noise(10)
    curves[0] = 0.9
    assert largest_excess_p_values(curves).min() == 1 / 10
    one = verdict(draws_of(curves, curves))
    assert one.k_supported is None and one.outcome == "undecided"
    first, *others = verdict_sentences(one)
    assert "no number of clusters can be supported: with 9 null models" in first and "0.1;" in first
    assert not re.search("more separate|more surely|more structure", " ".join(others))


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
    assert "has no room" in verdict_paragraph(verdict(found))


def test_both_kinds_of_null_models_have_to_be_beaten():
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
        assert one.k_supported is None
        assert "no number of clusters is supported" in verdict_paragraph(one)


ONE = Verdict(
    space="pca", k_supported=7, also_supported="6", k=7, silhouette=0.05, p_silhouette=0.05,
    stability=0.8, p_stability=0.05, silhouette_lowest=0.02, silhouette_highest=0.3, k_stable=7,
    p_stable=0.05, elbow=9, kinds="gaussian,copula", k_min=5, k_max=25, n_posters=500,
    n_null=19, n_init=3, n_splits=5, silhouette_gaussian=0.03, silhouette_gaussian_low=0.02,
    silhouette_gaussian_high=0.04, stability_gaussian=0.4, p_silhouette_gaussian=0.05,
    p_stability_gaussian=0.05, silhouette_copula=0.03, silhouette_copula_low=0.02,
    silhouette_copula_high=0.04, stability_copula=0.4, p_silhouette_copula=0.05,
    p_stability_copula=0.05,
)  # fmt: skip


@pytest.mark.parametrize("space", ["raw", "pca", "nmf"])
@pytest.mark.parametrize(
    ("silhouette", "said"),
    [
        (0.05, "That is near 0 (within 0.1 of it): on average a poster is only about 5 % nearer"),
        (0.2, "reads as no substantial structure"),
        (0.4, "reads as weak structure"),
        (0.6, "reads as reasonable structure: the clusters are apart, with posters in between"),
        (0.8, "reads as strong structure: the clusters are well apart"),
    ],
)
def test_the_words_follow_from_the_numbers(space, silhouette, said):
    found = verdict_paragraph(replace(ONE, space=space, silhouette=silhouette))
    assert said in found and "more structure than" in found and "over k = 5 to 25" in found
    assert f"silhouette is {silhouette:.3f}, {silhouette - 0.03:.3f} more than in Gaussian" in found
    assert "k = 7 clusters are supported, and so are 6." in found
    assert "bend most at k = 9" in found and "\n" not in found


def test_clusters_are_never_said_to_exist():
    missing = replace(ONE, k_supported=None, also_supported="", p_stability=0.5, p_stable=0.5)
    for one in (ONE, missing, replace(missing, p_silhouette=0.4), replace(ONE, silhouette=0.9)):
        assert "clusters exist" not in verdict_paragraph(one)


@st.composite
def verdicts(draw):
    """Any verdict that the fields allow."""
    kinds = draw(st.sampled_from([["gaussian", "copula"], ["copula"], ["gaussian"]]))
    n_null = draw(st.sampled_from([1, 5, 18, 19, 39]))
    number = st.integers(2, 12)
    low, k, stable, high = sorted(draw(st.lists(number, min_size=4, max_size=4)))
    if draw(st.booleans()):
        k, stable = stable, k
    if draw(st.booleans()):
        low = k = stable = high
    p_value = st.integers(1, n_null + 1).map(lambda rank: rank / (n_null + 1))
    p_value = st.one_of(st.just(1 / (n_null + 1)), p_value)
    silhouettes = st.one_of(st.floats(-1, 1), st.floats(-0.02, 0.12))
    row = {"silhouette": draw(silhouettes), "stability": draw(st.floats(-0.5, 1) | st.just(np.nan))}
    unknown = np.isnan(row["stability"])
    for kind in kinds:
        values = sorted(draw(st.lists(silhouettes, min_size=3, max_size=3)))
        if n_null == 1:
            values = 3 * values[:1]
        ends = [f"silhouette_{kind}{end}" for end in ("_low", "", "_high")]
        row |= dict(zip(ends, values, strict=True))
        row[f"p_silhouette_{kind}"] = draw(p_value)
        row[f"p_stability_{kind}"] = 1.0 if unknown else draw(p_value)
        row[f"stability_{kind}"] = np.nan if unknown else draw(st.floats(-0.5, 1))
    for score in ("silhouette", "stability"):
        row[f"p_{score}"] = max(row[f"p_{score}_{kind}"] for kind in kinds)
    supported = max(row["p_silhouette"], row["p_stability"]) <= ALPHA
    others = [str(n) for n in range(low, high + 1) if n != k]
    also = draw(st.lists(st.sampled_from(others), unique=True)) if supported and others else []
    everywhere = [row["silhouette"], *([] if low == high else draw(st.lists(silhouettes)))]
    return Verdict(
        space=draw(st.sampled_from(["raw", "pca", "nmf"])), k_supported=k if supported else None,
        also_supported=", ".join(sorted(also, key=int)), k=k, **row, kinds=",".join(kinds),
        silhouette_lowest=min(everywhere), silhouette_highest=max(everywhere), k_stable=stable,
        p_stable=row["p_stability"] if stable == k else min(draw(p_value), row["p_stability"]),
        elbow=draw(st.none() | st.integers(low, high)), k_min=low, k_max=high,
        n_posters=draw(st.integers(30, 9000)), n_null=n_null, n_init=3, n_splits=5,
    )  # fmt: skip


def well_written(sentences):
    """The sentences as one text, once it is known that each of them is one."""
    text = " ".join(sentences)
    assert not re.search(
        r"nan\b|None|\(\s*\)|\[|\n|  |\.\.|,,|-0\.0+\b(?!\d)| ,| \.|;\)|\) \(", text
    ), text
    assert not re.search(r"(?<![\d.,])1 (draws|null models|starts|spaces|clusters|posters)\b", text)
    assert not re.search(r"(?<![\d.,])[02-9]\d* (draw|start|space|cluster|poster)\b", text), text
    assert text.count("(") == text.count(")")
    for sentence in sentences:
        assert re.match(r"[A-Z]|\(T|p |k = ", sentence) and sentence[-1] in ".)", sentence
    return text


@given(verdicts())
def test_every_sentence_is_chosen_by_the_fields_and_none_contradicts_another(one):
    said = verdict_sentences(one)
    text = well_written(said)
    kinds = one.kinds.split(",")
    # the answer
    named = re.findall(r"k = (\d+) clusters are supported", text)
    assert named == ([] if one.k_supported is None else [str(one.k_supported)])
    assert ("no number of clusters" in text) == (one.k_supported is None)
    assert ("can be supported" in text) == (one.outcome == "undecided")
    assert (one.outcome == "undecided") == (one.n_null < FEWEST_NULL_DRAWS)
    # separation
    beaten = [k for k in kinds if getattr(one, f"p_silhouette_{k}") <= ALPHA]
    decided = one.outcome != "undecided"
    assert ("there is more structure than in" in text) == (decided and beaten == kinds)
    assert ("but not than those of" in text) == (decided and 0 < len(beaten) < len(kinds))
    none = "For no k" in text or "clusters are no more separate than" in text
    assert none == (decided and not beaten)
    # what the silhouette is worth
    assert ("That is near 0" in text) == (abs(one.silhouette) < NEAR_ZERO)
    assert ("as for every k that was tried" in text) == (
        one.near_zero_everywhere and one.k_min < one.k_max
    )
    words = re.findall(r"as (strong|reasonable|weak|no substantial) structure", text)
    assert words == ([] if one.near_zero else [silhouette_reading(one.silhouette)])
    if one.k_supported is None:
        assert ("bear it out" in text) == (words in (["strong"], ["reasonable"]))
        assert "well apart" not in text and "are apart" not in text
    # the differences
    for kind in kinds:
        size = f"{abs(one.minus(kind)):.3f} {'more' if one.minus(kind) > 0 else 'less'} than in"
        assert ("the same as in" if size.startswith("0.000") else size) in said[2]
        assert f"({getattr(one, f'silhouette_{kind}'):z.3f}; " in said[2]
    # stability
    back = [k for k in kinds if getattr(one, f"p_stability_{k}") <= ALPHA]
    known = decided and not np.isnan(one.stability)
    assert ("cannot be told" in text) == bool(np.isnan(one.stability))
    assert ("come back no more surely than theirs" in text) == (known and not back)
    assert ("lusters come back more surely than theirs" in text) == (known and back == kinds)
    assert ("but not than in" in text) == (known and 0 < len(back) < len(kinds))
    elsewhere = one.k_supported is None and one.p_stable <= ALPHA and one.k_stable != one.k
    assert ("do come back" in text) == elsewhere
    # what else is said
    assert ("not to say that the posters fall into groups" in text) == (one.k_supported is not None)
    assert ("bend most" in text) == (one.elbow not in (None, one.k_supported))
    assert "Kaufman" not in text
    numbers = {one.k, one.k_min, one.elbow, one.k_stable}
    assert {int(k) for k in re.findall(r"k = (\d+)", text)} <= numbers


@given(verdicts())
def test_a_verdict_can_be_made_again_from_its_table(one):
    table = verdict_table(one)
    again = verdict_from_table(table)
    pd.testing.assert_frame_equal(verdict_table(again), table)
    assert verdict_sentences(again) == verdict_sentences(one)
    drawn = [
        kind for kind in ("gaussian", "copula") if pd.notna(table[f"silhouette_{kind}"].iloc[0])
    ]
    assert ",".join(drawn) == one.kinds
    for kind in drawn:
        difference = table["silhouette"] - table[f"silhouette_{kind}"]
        assert (table[f"silhouette_minus_{kind}"] == difference).all()


@given(st.lists(verdicts(), min_size=1, max_size=3, unique_by=lambda one: one.space))
def test_what_is_said_beside_a_verdict_agrees_with_it(found):
    for one in found:
        text = well_written(chance_findings(one, n_init=10))
        assert text.count("random data") == len(one.kinds.split(","))
        for n_clusters in range(2, 13):
            said = well_written([described_finding(n_clusters, one)])
            numbers = [str(one.k_supported), *one.also_supported.split(", ")]
            assert said.endswith(", which is supported.") == (str(n_clusters) in numbers)
    support = well_written(support_findings(found))
    for one in found:
        place = {"raw": "raw features", "pca": "PCA space", "nmf": "NMF space"}[one.space]
        assert (f"k = {one.k_supported} in the {place}" in support) == (one.k_supported is not None)
        if one.k_supported is None and "No number" in support:
            assert place in support or one.outcome == "undecided"
    sentences = difference_findings(found)
    assert ["near 0" in text for text in sentences] == [one.near_zero for one in found]
    well_written(sentences)


def test_without_a_verdict_nothing_is_claimed():
    assert chance_findings(None, n_init=10) == []
    assert "was not compared with chance" in described_finding(5, None)
    assert support_findings([]) == [] == difference_findings([])


def test_the_scale_names_every_bound_once():
    text = well_written([silhouette_scale()])
    assert re.findall(r"\d\.\d+", text) == ["0.70", "0.50", "0.25", "0.1"]


@pytest.mark.parametrize(
    ("silhouette", "word"),
    [
        (0.71, "strong"),
        (0.70, "reasonable"),
        (0.26, "weak"),
        (0.25, "no substantial"),
        (-1.0, "no substantial"),
    ],
)
def test_the_word_for_a_silhouette_changes_at_the_published_bounds(silhouette, word):
    assert silhouette_reading(silhouette) == word


@pytest.mark.parametrize(
    "one", [ONE, replace(ONE, k_supported=None, also_supported="", elbow=None)]
)
def test_a_verdict_can_be_made_again_from_its_file(one, tmp_path):
    path = write_table(verdict_table(one), tmp_path / "verdict.csv")
    assert verdict_from_table(read_table(path)) == one


@pytest.mark.parametrize("name", [field.name for field in fields(Verdict)])
def test_a_table_without_a_field_is_refused(name):
    with pytest.raises(InputError, match=f"lacks {name};"):
        verdict_from_table(verdict_table(ONE).drop(columns=name))
