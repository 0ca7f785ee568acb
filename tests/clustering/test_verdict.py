"""The verdict: its p-values, its answers, its words. How often it is wrong is counted in a benchmark, `verdict_rates.py`."""

import re
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapeless import PLANTED, SHAPELESS, make

import poster_analysis as pa
from poster_analysis.clustering.chance import Evidence, evidence
from poster_analysis.clustering.judged import judged
from poster_analysis.clustering.verdict import (
    ALPHA,
    FEWEST_NULL_DRAWS,
    NEAR_ZERO,
    Verdict,
    largest_excess_p_values,
    silhouette_reading,
    verdict,
    verdict_by_k,
    verdict_from_table,
    verdict_table,
)
from poster_analysis.collection.images import resize_image
from poster_analysis.core.errors import InputError
from poster_analysis.core.files import read_table, write_table
from poster_analysis.drawing.films import invent_film
from poster_analysis.drawing.posters import choose_look, draw_poster
from poster_analysis.extraction.backbones import load_backbone
from poster_analysis.words.verdict import (
    answer_sentence,
    chance_findings,
    described_finding,
    difference_findings,
    effect_sentences,
    headline,
    silhouette_scale,
    support_findings,
    sureness_sentences,
    verdict_paragraph,
    verdict_sentences,
)


@cache
def judged_as(kind, space="pca"):
    """The verdict on made data of a kind."""
    X = make(kind, 0, 200, 300)
    spaces = {space: None if space == "raw" else 10}
    return verdict(evidence(judged(X), spaces, k_max=10, n_null=19)[space])


@pytest.mark.parametrize("kind", SHAPELESS)
def test_no_groups_are_found_where_there_are_none(kind):
    one = judged_as(kind)
    assert one.outcome in ("continuum", "nothing") and one.k_supported is None
    assert "fall into" not in verdict_paragraph(one)


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_groups_are_found(kind):
    one, right = judged_as(kind), PLANTED[kind][1]
    if right == "apart":
        assert one.outcome == "apart" and one.n_apart == 1 and one.largest_apart == 10
        assert "one group stands apart, 5 % of the posters" in answer_sentence(one)
    else:
        assert one.outcome == "groups" and one.all_levels == right
        assert f"fall into {right[0]} groups" in answer_sentence(one)


@pytest.mark.parametrize("space", ["raw", "nmf"])
def test_four_looks_are_found_in_every_space(space):
    assert judged_as("four looks", space).all_levels == [4]
    assert judged_as("rectified", space).k_supported is None


def test_copies_support_nothing():
    """Twenty rows of a hundred twice: they beat every null model, and are no groups."""
    rng = np.random.default_rng(0)
    X = np.maximum(rng.normal(size=(100, 500)), 0)
    X[-20:] = X[:20]
    found = pa.verdict(X, n_components=20, n_null=19)
    assert found.k_supported is None and found.verdict.n_judged == 80
    assert found.verdict.n_near_copies == 20 and "20 near copies left out" in repr(found)


def test_one_verdict_for_an_array_a_sparse_matrix_and_a_frame():
    import scipy.sparse as sp

    X = make("four looks", 1, 160, 300)
    options = {"n_components": 8, "k_min": 3, "k_max": 6, "n_null": 19}
    found = [pa.verdict(one, **options) for one in (X, sp.csr_array(X), pd.DataFrame(X))]
    assert [one.k_supported for one in found] == [4, 4, 4]
    assert found[0].verdict == found[2].verdict and found[0].levels == [4]
    assert (
        found[0].table["k"].tolist() == [3, 4, 5, 6] and found[0].plot().get_label() == "4 groups"
    )
    assert found[0].sentence == "In the PCA space the posters fall into 4 groups."


def test_seeds_change_which_posters_are_judged_and_not_the_answer():
    X = make("four looks", 2, 400, 300)
    options = {"n_components": 8, "k_max": 6, "n_null": 19, "n_verdict": 150}
    assert {pa.verdict(X, random_state=seed, **options).sentence for seed in range(3)} == {
        "In the PCA space the posters fall into 4 groups."
    }


def test_a_few_distinct_looks_among_drawn_posters_are_found():
    """Twenty posters in each of three looks, by the colour layout: what nobody can miss, the verdict does not miss."""
    rng, backbone = np.random.default_rng(9), load_backbone("colour")
    looks = [choose_look(genre, rng) for genre in ("Western", "Film-Noir", "Romance")]
    images = []
    for number, look in enumerate(np.arange(60) % 3):
        film = invent_film(looks[look].genre, number, np.random.default_rng([9, number]))
        image = draw_poster(film, looks[look], random_state=[9, number]).convert("RGB")
        images.append(resize_image(image, size=backbone.input_size, resize=backbone.resize))
    X = backbone.transform(np.stack(images))
    found = pa.verdict(X, n_components=8, k_max=6, n_null=19)
    assert 3 in found.levels, found.table.round(2)


def evidence_of(silhouette, kinds=("gaussian",), groups=True, n_judged=400, **columns):
    """Evidence as if these silhouettes had been found: the data in the first row, then draws of each kind."""
    silhouette = np.asarray(silhouette, dtype=float)
    n_numbers, per_kind = silhouette.shape[1], (len(silhouette) - 1) // len(kinds)
    numbers = np.arange(2, 2 + n_numbers)
    draws = pd.DataFrame(
        {
            "null_model": np.repeat(["data", *np.repeat(kinds, per_kind)], n_numbers),
            "draw": np.repeat([0, *(n for _ in kinds for n in range(1, per_kind + 1))], n_numbers),
            "k": np.tile(numbers, len(silhouette)),
            "silhouette": silhouette.ravel(),
        }
    )
    high = {
        "prediction_strength": 0.9,
        "stability": 0.9,
        "reproducibility": 0.95,
        "separation": 0.9,
    }
    by_k = pd.DataFrame({"k": numbers} | high | {"groups": groups} | columns)
    clusters = pd.DataFrame(
        {
            "k": numbers,
            "cluster": 0,
            "n_rows": 9,
            "reproducibility": 0.9,
            "separation": 0.9,
            "apart": False,
        }
    )
    told = {"space": "pca", "n_posters": n_judged, "n_judged": n_judged, "n_near_copies": 0}
    told |= {"n_null": per_kind, "n_init": 3, "n_splits": 5, "n_boot": 20, "random_state": 9}
    return Evidence(draws, by_k, clusters, told)


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
    one = verdict(evidence_of(curves))
    assert one.k_supported is None and one.outcome == "undecided"
    assert "cannot be told" in answer_sentence(one) and "9 null models" in answer_sentence(one)


def test_curves_that_are_all_the_same_beat_nothing():
    assert (largest_excess_p_values(np.full((20, 4), 0.3)) == 1).all()


def test_both_questions_have_to_be_answered_with_yes():
    high = noise(20)
    high[0, 1] = 0.9
    assert verdict(evidence_of(high)).k_supported == 3
    assert verdict(evidence_of(high, groups=False)).outcome == "continuum"
    assert verdict(evidence_of(noise(20))).outcome == "nothing"
    some = [False, False, True, True]  # groups, but not where the silhouette is beyond chance
    assert verdict(evidence_of(high, groups=some)).outcome == "continuum"


def test_both_kinds_of_null_models_have_to_be_beaten():
    curves, kinds = noise(39), ("gaussian", "copula")
    curves[0, 1] = 0.9
    assert verdict(evidence_of(curves, kinds)).k_supported == 3
    curves[30, 1] = 0.95
    one = verdict(evidence_of(curves, kinds))
    assert one.k_supported is None and one.p_silhouette_gaussian <= ALPHA < one.p_silhouette_copula


def test_of_several_numbers_the_levels_are_named_and_the_smallest_first():
    curves = noise(20, 8)
    curves[0] = [0.5, 0.8, 0.6, 0.5, 0.5, 0.55, 0.7, 0.3]
    one = verdict(evidence_of(curves))
    assert one.levels == "3, 8" and one.k_supported == one.k == 3
    assert "3 groups, and within them into 8" in answer_sentence(one)
    by_k = verdict_by_k(evidence_of(curves))
    assert by_k.loc[by_k["level"], "k"].tolist() == [3, 8] and by_k["supported"].sum() > 2


ONE = Verdict(
    space="pca", k_supported=7, levels="7", k=7, silhouette=0.05, silhouette_highest=0.3, p_silhouette=0.05,
    prediction_strength=0.85, stability=0.8, reproducibility=0.9, separation=0.7, n_apart=0,
    largest_apart=0, k_apart=None, kinds="gaussian,copula", k_min=2, k_max=25, n_posters=500,
    n_judged=480, n_near_copies=20, n_null=19, n_init=3, n_splits=5, n_boot=20,
    silhouette_gaussian=0.03, silhouette_gaussian_low=0.02, silhouette_gaussian_high=0.04,
    deviations_gaussian=5.0, p_silhouette_gaussian=0.05, silhouette_copula=0.03,
    silhouette_copula_low=0.02, silhouette_copula_high=0.04, deviations_copula=4.0,
    p_silhouette_copula=0.05,
)  # fmt: skip


@pytest.mark.parametrize("space", ["raw", "pca", "nmf"])
@pytest.mark.parametrize(
    ("silhouette", "said"),
    [
        (0.05, "That is near 0: on average a poster is only about 5 % nearer"),
        (0.2, "reads as no substantial structure"),
        (0.4, "reads as weak structure"),
        (0.6, "reads as reasonable structure"),
        (0.8, "reads as strong structure"),
    ],
)
def test_the_words_follow_from_the_numbers(space, silhouette, said):
    found = verdict_paragraph(replace(ONE, space=space, silhouette=silhouette))
    assert said in found and "over k = 2 to 25" in found and "\n" not in found
    assert f"silhouette is {silhouette:.3f}, {silhouette - 0.03:.3f} more than in Gaussian" in found
    assert found.endswith("the posters fall into 7 groups.")


def test_first_the_effect_then_how_sure_then_the_answer():
    assert verdict_sentences(ONE) == [
        *effect_sentences(ONE),
        *sureness_sentences(ONE),
        answer_sentence(ONE),
    ]


@st.composite
def verdicts(draw):
    """Any verdict that the fields allow."""
    kinds = draw(st.sampled_from([["gaussian", "copula"], ["copula"], ["gaussian"]]))
    n_null = draw(st.sampled_from([1, 5, 18, 19, 99]))
    low, k, high = sorted(draw(st.lists(st.integers(2, 12), min_size=3, max_size=3)))
    p_value = st.integers(1, n_null + 1).map(lambda rank: rank / (n_null + 1))
    p_value = st.one_of(st.just(1 / (n_null + 1)), p_value)
    silhouettes = st.one_of(st.floats(-1, 1), st.floats(-0.02, 0.12))
    row = {"silhouette": draw(silhouettes)}
    for kind in kinds:
        values = sorted(draw(st.lists(silhouettes, min_size=3, max_size=3)))
        values = 3 * values[:1] if n_null == 1 else values
        ends = [f"silhouette_{kind}{end}" for end in ("_low", "", "_high")]
        row |= dict(zip(ends, values, strict=True))
        row[f"p_silhouette_{kind}"] = draw(p_value)
        row[f"deviations_{kind}"] = np.nan if n_null == 1 else draw(st.floats(-50, 200))
    row["p_silhouette"] = max(row[f"p_silhouette_{kind}"] for kind in kinds)
    back, gap = draw(st.floats(0, 1)), draw(st.floats(-3, 1))
    supported = row["p_silhouette"] <= ALPHA and back >= 0.75 and gap >= 0.5
    finer = draw(st.lists(st.integers(k + 1, 13), unique=True, max_size=2)) if supported else []
    half = draw(st.floats(0, 1) | st.just(np.nan))
    n_judged, n_apart = draw(st.integers(30, 1000)), draw(st.integers(0, 3))
    return Verdict(
        space=draw(st.sampled_from(["raw", "pca", "nmf"])), k_supported=k if supported else None,
        levels=", ".join(map(str, sorted([k, *finer]))) if supported else "", k=k, **row,
        silhouette_highest=draw(silhouettes), prediction_strength=half, stability=half,
        reproducibility=back, separation=gap, n_apart=n_apart,
        largest_apart=draw(st.integers(5, n_judged // 2)) if n_apart else 0,
        k_apart=draw(st.integers(2, 12)) if n_apart else None, kinds=",".join(kinds), k_min=low,
        k_max=high, n_posters=n_judged + draw(st.integers(0, 9000)), n_judged=n_judged,
        n_near_copies=draw(st.integers(0, 30)), n_null=n_null, n_init=3, n_splits=5, n_boot=20,
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
    text, answer = well_written(said), said[-1]
    # the answer, of one kind
    kinds_of_answer = {
        "groups": "fall into", "apart": "apart", "continuum": "the posters are a continuum",
        "nothing": "nothing beyond chance", "undecided": "cannot be told whether there are groups",
    }  # fmt: skip
    assert [kind for kind, words in kinds_of_answer.items() if words in answer] == [one.outcome]
    assert (one.outcome == "undecided") == (one.n_null < FEWEST_NULL_DRAWS)
    assert (one.outcome == "groups") == (one.k_supported is not None and one.outcome != "undecided")
    assert ("groups" in answer and "fall into" in answer) <= (one.p_silhouette <= ALPHA)
    # what the silhouette is worth
    assert ("That is near 0" in text) == (abs(one.silhouette) < NEAR_ZERO)
    words = re.findall(r"as (strong|reasonable|weak|no substantial) structure", text)
    assert words == ([] if one.near_zero else [silhouette_reading(one.silhouette)])
    # the differences
    for kind in one.kinds.split(","):
        size = f"{abs(one.minus(kind)):.3f} {'more' if one.minus(kind) > 0 else 'less'} than in"
        assert ("the same as in" if size.startswith("0.000") else size) in said[0]
        assert f"({getattr(one, f'silhouette_{kind}'):z.3f}; " in said[0]
    # whether the clusters are groups
    assert ("not all clusters come back" in text) == (one.reproducibility < 0.75)
    assert ("without a gap" in text) == (one.separation < 0.5)
    assert ("cannot be told: half of" in text) == bool(np.isnan(one.prediction_strength))
    # how sure
    assert f"never below {1 / (one.n_null + 1):.2g}" in text
    assert ("standard deviations" in text) == (one.n_null > 1)
    assert ("left out" in text) == (one.n_near_copies > 0)
    assert headline(one)[0].isupper() or headline(one)[0].isdigit()


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
        text = well_written(chance_findings(one))
        assert text.count("random data") == len(one.kinds.split(","))
        for n_clusters in range(2, 14):
            said = well_written([described_finding(n_clusters, one)])
            assert said.endswith(": groups, by the verdict.") == (n_clusters in one.all_levels)
    support = well_written(support_findings(found))
    for one in found:
        place = {"raw": "raw features", "pca": "PCA space", "nmf": "NMF space"}[one.space]
        assert place in support
        groups = re.search(rf"Groups are found in the {place}: ([^.]*)\.", support)
        assert (groups is not None) == (one.outcome == "groups")
    sentences = difference_findings(found)
    assert ["near 0" in text for text in sentences] == [one.near_zero for one in found]
    well_written(sentences)


def test_without_a_verdict_nothing_is_claimed():
    assert chance_findings(None) == []
    assert described_finding(5, None) == "Described here are the clusters of k = 5."
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
    "one", [ONE, replace(ONE, k_supported=None, levels="", n_apart=1, k_apart=5)]
)
def test_a_verdict_can_be_made_again_from_its_file(one, tmp_path):
    path = write_table(verdict_table(one), tmp_path / "verdict.csv")
    assert verdict_from_table(read_table(path)) == one


@pytest.mark.parametrize("name", [field.name for field in fields(Verdict)])
def test_a_table_without_a_field_is_refused(name):
    with pytest.raises(InputError, match=f"lacks {name};"):
        verdict_from_table(verdict_table(ONE).drop(columns=name))
