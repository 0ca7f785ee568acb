"""Trends and differences: found where they were planted, not found where years or labels were dealt anew, and by film."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau, mannwhitneyu

from poster_analysis.core.errors import InputError
from poster_analysis.trends.curves import trend_curves
from poster_analysis.trends.differences import differences
from poster_analysis.trends.films import circular_mean, gather_films
from poster_analysis.trends.means import BINS, bin_changes, bin_means
from poster_analysis.trends.mix import same_mix
from poster_analysis.trends.slopes import trends

N_SHUFFLES = 200


def made_up(n_films=100, slope=0.0, mix=0.0, difference=0.0, seed=9):
    """Values of films, their years and genres; horror is darker by `difference`, and `mix` as much more frequent at the end."""
    rng = np.random.default_rng(seed)
    years = rng.integers(1970, 2010, n_films)
    horror = rng.random(n_films) < 0.5 + mix * (years - 1990) / 40
    comedy = ~horror | (rng.random(n_films) < 0.3)
    genres = np.where(horror & comedy, "Comedy|Horror", np.where(horror, "Horror", "Comedy"))
    skewed = rng.gamma(2.0, 1.0, (n_films, 2)) - 2
    values = pd.DataFrame(
        {
            "lightness": 50
            + slope * (years - 1990) / 10
            - difference * horror
            + 10 * rng.normal(size=n_films),
            "near_black": skewed[:, 0],
            "chroma": rng.normal(size=n_films) + skewed[:, 1] ** 2,
        }
    )
    return values, pd.Series(years), pd.Series(genres)


def test_shuffled_years_are_no_trend_and_tests_keep_their_level():
    values, years, genres = made_up(slope=-6)
    rng, found, changed, p_values = np.random.default_rng(9), [], [], []
    for _ in range(N_SHUFFLES):
        films = gather_films(values, years=pd.Series(rng.permutation(years)), labels=genres)
        table = trends(films, n_draws=199, n_shuffles=499)
        found.append(table["holds"].any())
        changed.append(bin_changes(films, bin_means(films, n_draws=20))["holds"].any())
        p_values.append(table["p_value"])
    assert np.mean(found) <= 0.05 and np.mean(changed) <= 0.05
    assert 0.02 < (np.array(p_values) <= 0.05).mean() < 0.08, "p-values mean what they say"
    real = trends(gather_films(values, years=years, labels=genres), n_draws=199, n_shuffles=499)
    assert set(real[real["holds"]]["measure"]) == {"lightness"}
    assert kendalltau(years, values["lightness"]).pvalue < 1e-6


def test_shuffled_labels_are_no_difference():
    values, _, genres = made_up(difference=12)
    rng, found = np.random.default_rng(9), []
    for _ in range(N_SHUFFLES):
        films = gather_films(values, labels=pd.Series(rng.permutation(genres)))
        found.append(differences(films, n_draws=199)["holds"].any())
    assert np.mean(found) <= 0.05
    table = differences(gather_films(values, labels=genres), n_draws=199)
    assert set(table[table["holds"]]["measure"]) == {"lightness"}
    horror = table[table["label"] == "Horror"].set_index("measure")
    has = genres.str.contains("Horror")
    for name in values:
        test = mannwhitneyu(values[name][has], values[name][~has], method="asymptotic")
        assert horror["p_value"][name] == pytest.approx(test.pvalue)


def test_a_trend_of_the_mix_alone_vanishes_when_the_mix_is_the_same():
    values, years, genres = made_up(1500, mix=0.9, difference=15)
    films = gather_films(values, years=years, labels=genres)
    table = trends(films).set_index(["measure", "adjusted_for"]).loc["lightness"]
    assert table["holds"].to_dict() == {"": True, "genre": False}
    assert table["low"]["genre"] < 0 < table["high"]["genre"]
    assert abs(table["slope"]["genre"]) < abs(table["slope"][""]) / 4
    means = bin_means(same_mix(films)).query("measure == 'lightness'")["mean"]
    assert np.ptp(means) < np.ptp(bin_means(films).query("measure == 'lightness'")["mean"]) / 2


def test_a_trend_against_the_mix_is_uncovered():
    values, years, genres = made_up(1500, slope=3, mix=0.9, difference=15)
    table = trends(gather_films(values, years=years, labels=genres)).iloc[:2]
    assert not table["holds"][0] or table["slope"][0] < 1
    assert table["holds"][1] and table["low"][1] < 3 < table["high"][1]


def test_several_posters_of_a_film_are_one_film():
    values, years, genres = made_up(60, slope=-8)
    single = gather_films(values, years=years, labels=genres)
    times = np.arange(60) % 4 + 1
    rows = np.repeat(np.arange(60), times)
    several = gather_films(
        values.iloc[rows].reset_index(drop=True),
        years=years.iloc[rows].reset_index(drop=True),
        labels=genres.iloc[rows].reset_index(drop=True),
        films=rows,
    )
    assert several.n_posters.tolist() == times.tolist()
    options = {"n_draws": 199, "n_shuffles": 199}
    pd.testing.assert_frame_equal(trends(several, **options), trends(single, **options))
    pd.testing.assert_frame_equal(
        differences(several, n_draws=199), differences(single, n_draws=199)
    )
    pd.testing.assert_frame_equal(trend_curves(several), trend_curves(single))
    one, other = bin_means(several), bin_means(single)
    assert one["n_posters"].sum() > one["n_films"].sum()
    pd.testing.assert_frame_equal(one.drop(columns="n_posters"), other.drop(columns="n_posters"))


@pytest.mark.parametrize("bin", BINS)
def test_a_bin_with_few_films_is_marked_and_says_how_few(bin):
    values, years, _ = made_up(40)
    years = pd.concat([pd.Series([1931, 1932]), years[2:]]).reset_index(drop=True)
    table = bin_means(gather_films(values, years=years), bin=bin)
    counts = (years // BINS[bin]).value_counts().sort_index()
    for _, each in table.groupby("measure"):
        assert each["n_films"].tolist() == counts.tolist()
        assert each["is_few"].tolist() == (counts < 10).tolist()
    assert table["first_year"].min() == {"year": 1931}.get(bin, 1930)


def test_angles_have_directions_and_no_trends():
    values, years, genres = made_up()
    hue = (np.random.default_rng(9).normal(0, 20, len(years))) % 360
    films = gather_films(values.assign(hue=hue), years=years, labels=genres, circular=["hue"])
    assert "hue" not in {*trends(films, n_shuffles=199)["measure"], *trend_curves(films)["measure"]}
    assert "hue" not in set(differences(films, n_draws=199)["measure"])
    means = bin_means(films).query("measure == 'hue'")
    turned = (means[["low", "mean", "high"]] + 180) % 360 - 180
    assert (turned["mean"].abs() < 15).all() and (means["low"] < means["high"]).all()
    assert means["concentration"].between(0.85, 1).all()
    assert np.isnan(circular_mean(np.array([np.nan]))[0])


@pytest.mark.parametrize("known", ["years", "labels", "neither"])
def test_what_is_not_known_is_not_spoken_of(known):
    values, years, genres = made_up(60)
    given = {"years": {"years": years}, "labels": {"labels": genres}}.get(known, {})
    films = gather_films(values, **given)
    table = trends(films, n_shuffles=199)
    assert set(table["adjusted_for"]) == ({""} if known == "years" else set())
    assert differences(films, n_draws=199).empty == (known != "labels")
    assert bin_means(films).empty == (known != "years") == trend_curves(films).empty
    assert len(same_mix(films)) == 0


def test_a_measure_that_is_missing_or_does_not_vary_stops_nothing():
    values, years, genres = made_up(60)
    values = values.assign(chroma=np.nan, near_black=3.0)
    films = gather_films(values, years=years, labels=genres)
    table = trends(films, n_draws=199, n_shuffles=199)
    assert set(table["measure"]) == {"lightness", "near_black"}
    flat = table[table["measure"] == "near_black"]
    assert (
        np.allclose(flat["slope"], 0) and (flat["p_value"] == 1).all() and not flat["holds"].any()
    )
    held = differences(films, n_draws=199)
    assert set(held["measure"]) <= {"lightness", "near_black"} and not held["holds"].any()
    assert "chroma" not in set(trend_curves(films)["measure"])


def test_what_is_not_of_the_same_posters_is_refused():
    values, years, genres = made_up(20)
    for given in ({"years": years[:5]}, {"labels": genres[:5]}, {"films": [1, 2]}):
        with pytest.raises(InputError, match="poster"):
            gather_films(values, **given)
