"""What clusters and pairs say: what was planted is found, chance says nothing, and posters lie where their numbers are."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from poster_analysis.explanations.clusters import cluster_measures
from poster_analysis.explanations.pairs import compare_pairs, pair_rule
from poster_analysis.explanations.places import image_plot_places, poster_axis
from poster_analysis.words.explanations import measures_line, pair_line

N_SEEDS = 100


def made_up(n_posters, seed, darker=0.0, posters_per_film=1):
    """Measures of posters of two or three clusters; posters of a film go together, and the first cluster is darker."""
    rng = np.random.default_rng(seed)
    films = np.arange(n_posters) // posters_per_film
    labels = rng.integers(0, 3, films.max() + 1)[films]
    of_film = rng.normal(0, 1, (films.max() + 1, 2))[films]
    values = of_film + rng.normal(0, 0.5, (n_posters, 2))
    table = pd.DataFrame(values, columns=["lightness", "chroma"])
    table["near_white"] = rng.gamma(0.5, 1, n_posters)
    table["lightness"] -= darker * (labels == 0)
    return table, labels, films


def test_clusters_dealt_at_random_say_nothing():
    told, p_values = [], []
    for seed in range(N_SEEDS):
        values, labels, films = made_up(90, seed, posters_per_film=2)
        table = cluster_measures(values, labels, films=films, n_draws=199)
        told.append(table["told"].any())
        p_values.append(table["p_value"].to_numpy())
    assert np.mean(told) <= 0.05
    small = np.concatenate(p_values) <= 0.05
    assert 0.03 < small.mean() < 0.07, "p-values mean what they say"


def test_a_planted_cluster_is_found_and_the_others_are_not():
    found, others = [], []
    for seed in range(20):
        values, labels, films = made_up(300, seed, darker=1.0, posters_per_film=2)
        table = cluster_measures(values, labels, films=films, n_draws=199)
        told = table[table["told"]]
        found.append(set(told.loc[told["cluster"] == 0, "measure"]) == {"lightness"})
        others.append(set(told["measure"]) - {"lightness"})
        first = table[(table["cluster"] == 0) & (table["measure"] == "lightness")].iloc[0]
        assert first["effect_low"] < first["effect"] < first["effect_high"]
    assert np.mean(found) >= 0.8 and not any(others)
    assert measures_line(table, 0).startswith("darker (")


def test_intervals_hold_the_true_difference():
    held = []
    for seed in range(N_SEEDS):
        values, labels, films = made_up(120, seed, darker=1.0, posters_per_film=2)
        table = cluster_measures(values[["lightness"]], labels, films=films, n_draws=199)
        row = table[table["cluster"] == 0].iloc[0]
        held.append(row["low"] <= -1 <= row["high"])
    assert 0.9 <= np.mean(held) <= 0.99


def test_numbers_are_those_of_an_independent_computation():
    values, labels, _ = made_up(400, 9, darker=0.4)
    table = cluster_measures(values, labels).set_index(["cluster", "measure"])
    for (cluster, name), row in table.iterrows():
        inside, outside = values[name][labels == cluster], values[name][labels != cluster]
        assert row["difference"] == pytest.approx(inside.mean() - outside.mean())
        assert row["effect"] == pytest.approx(row["difference"] / values[name].std(ddof=0))
        if name != "near_white":  # of a normal measure a t-test says nearly the same
            p_value = max(ttest_ind(inside, outside).pvalue, 1e-4)
            assert abs(np.log(row["p_value"] / p_value)) < 0.7


def test_clusters_may_have_any_numbers_and_too_few_films_are_said():
    values, labels, _ = made_up(100, 9)
    named = np.where(np.arange(100) < 5, 40, labels + 7)
    table = cluster_measures(values, named, n_draws=199)
    assert set(table["cluster"]) == {7, 8, 9}
    assert measures_line(table, 40) == "fewer than 10 films, too few to say what they look like"
    one_film = cluster_measures(values, labels, films=np.zeros(100, int), n_draws=199)
    assert one_film.empty


def test_pairs_at_random_say_as_much_as_the_rule_allows():
    rng = np.random.default_rng(9)
    values = pd.DataFrame(rng.gamma(2, 1, (600, 5)), columns=list("abcde"))
    rule = pair_rule(values)
    first, second = rng.integers(600, size=(2, 3000))
    table = compare_pairs(rule, values.iloc[first], values.iloc[second])
    shares = table.groupby(["measure", "kind"]).size() / 3000
    assert shares.between(0.03, 0.07).all()
    assert (table["chance"] <= rule.level).all()


def test_a_pair_says_the_same_from_both_sides():
    rng = np.random.default_rng(9)
    values = pd.DataFrame(
        rng.normal(size=(300, 4)), columns=["lightness", "chroma", "margin", "warm"]
    )
    rule, rows = pair_rule(values), rng.integers(300, size=(2, 400))
    there = compare_pairs(rule, values.iloc[rows[0]], values.iloc[rows[1]])
    back = compare_pairs(rule, values.iloc[rows[1]], values.iloc[rows[0]])
    names = ["pair", "measure", "kind"]
    both = there.merge(back, on=names, how="outer", indicator=True)
    assert (both["_merge"] == "both").all()
    np.testing.assert_allclose(both["difference_x"], -both["difference_y"])
    apart = both["kind"] == "differs"
    assert (both["more_x"] == both["more_y"])[~apart].all() and (both["more_x"] != both["more_y"])[
        apart
    ].all()
    assert all(pair_line(one) for _, one in there.groupby("pair"))


@pytest.mark.parametrize("seed", range(3))
def test_posters_lie_at_their_numbers_or_near(seed):
    rng = np.random.default_rng(seed)
    x, y = (
        poster_axis("x", rng.normal(size=150)),
        poster_axis("year", rng.integers(1990, 2000, 150)),
    )
    table = image_plot_places(x, y, np.full(150, 0.7), size=(900, 600))
    wide, high = table["width"].iloc[0], table["height"].iloc[0]
    left = x.places * (900 - wide)
    top = (1 - y.places) * (600 - high)
    far = np.hypot(table["left"] - left, table["top"] - top)
    assert far.max() <= 1.8 * high and (far[table["hidden"]] <= 1).all()
    assert table["left"].between(0, 900 - wide).all() and table["top"].between(0, 600 - high).all()
    still = table["moved"] < 1
    assert still.sum() > 30 and (far[still] <= 2).all()


def test_more_pixels_make_posters_larger_and_crowds_smaller():
    rng = np.random.default_rng(9)

    def high(n, size):
        x, y = (poster_axis(name, rng.random(n)) for name in "xy")
        return image_plot_places(x, y, np.full(n, 0.7), size=size)["height"].iloc[0]

    assert high(100, (600, 400)) < high(100, (1200, 800))
    assert high(400, (1200, 800)) < high(100, (1200, 800))
