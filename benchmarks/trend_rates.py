"""How often trends and differences are found where there are none, and found where they are; whether intervals hold the truth.

python benchmarks/trend_rates.py [--collections 200] [--films 100 400 1600]

Made-up films with three measures: one like a normal distribution, one skewed like a share of black, one whose spread grows over the years. Of
each kind of question so many collections are drawn.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
from common import keep, table
from scipy.stats import binomtest
from threadpoolctl import threadpool_limits

from poster_analysis.trends.curves import trend_curves
from poster_analysis.trends.differences import differences
from poster_analysis.trends.films import gather_films
from poster_analysis.trends.means import bin_means
from poster_analysis.trends.slopes import trends

GENRES = np.array(["Comedy", "Crime", "Drama", "Horror", "Romance", "Western"])
DARKNESS = np.array([6.0, -4, 2, -12, 5, 0])  # points of lightness that each genre adds
SPREAD = 15.0  # points, of films about their mean
DRAWS = {
    "n_draws": 499,
    "n_shuffles": 1999,
}  # fewer than a study has: there are thousands of tables


def made_up(n_films, rng, *, slope=0.0, mix=0.0, posters=1):
    """Films of 1960 to 2009 of up to three genres, whose mix changes by `mix`; lightness changes by `slope` SD a decade."""
    years = rng.integers(1960, 2010, n_films)
    share = np.array([0.35, 0.2, 0.3, 0.2, 0.2, 0.1])
    change = mix * np.array([-0.2, 0.1, -0.1, 0.3, -0.1, -0.05])
    has = rng.random((n_films, 6)) < np.clip(
        share + change * ((years - 1985) / 25)[:, None], 0.02, 0.9
    )
    has[~has.any(axis=1), 2] = True
    t = (years - 1985) / 10
    values = pd.DataFrame(
        {
            "lightness": 45
            + has @ DARKNESS
            + slope * SPREAD * t
            + SPREAD * rng.normal(size=n_films),
            "near_black": rng.beta(0.8, 3.0, n_films),
            "chroma": 20 + (1 + 0.3 * t) * 6 * rng.normal(size=n_films),
        }
    )
    genres = pd.Series(["|".join(GENRES[one]) for one in has])
    rows = np.repeat(np.arange(n_films), posters)
    noise = 3 * rng.normal(size=(len(rows), 3)) * np.array([1, 0.01, 1]) * (posters > 1)
    of_posters = values.iloc[rows].reset_index(drop=True) + noise
    return of_posters, pd.Series(years[rows]), genres.iloc[rows].reset_index(drop=True), rows


def share(found, sure=True):
    """A share of collections, in percent, with its 95 % interval."""
    found = np.asarray(found, bool)
    ends = binomtest(int(found.sum()), len(found)).proportion_ci()
    text = f"{100 * found.mean():.1f} %"
    return f"{text} ({100 * ends.low:.1f} to {100 * ends.high:.1f})" if sure else text


def shuffled(n_films, seed):
    """Whether any trend, and any difference, holds where years and genres are dealt to other films."""
    rng = np.random.default_rng([seed, n_films])
    values, years, genres, _ = made_up(n_films, rng, slope=0.2)
    films = gather_films(values, years=pd.Series(rng.permutation(years)), labels=genres)
    found = trends(films, **DRAWS)
    other = gather_films(values, labels=pd.Series(rng.permutation(genres)))
    raw = found[found["adjusted_for"] == ""]
    return {
        "any trend": found["holds"].any(),
        "p of a trend": (raw["p_value"] <= 0.05).to_numpy(),
        "p with the same mix": (found[found["adjusted_for"] != ""]["p_value"] <= 0.05).to_numpy(),
        "any difference": differences(other, n_draws=499)["holds"].any(),
    }


def planted(n_films, slope, seed):
    """Whether a planted trend of lightness is found, and whether its intervals hold it."""
    rng = np.random.default_rng([seed, n_films, round(1000 * slope)])
    values, years, genres, _ = made_up(n_films, rng, slope=slope)
    found = (
        trends(gather_films(values, years=years, labels=genres), **DRAWS)
        .set_index(["measure", "adjusted_for"])
        .loc["lightness"]
    )
    truth = slope * SPREAD
    holds = (found["low"] <= truth) & (truth <= found["high"])
    return {
        "found": found["holds"][""], "found with the same mix": found["holds"]["genre"],
        "interval": holds[""], "interval with the same mix": holds["genre"],
    }  # fmt: skip


def changing_mix(n_films, seed):
    """Whether a trend that comes from the mix of genres alone is found, as it is and with the same mix."""
    rng = np.random.default_rng([seed, n_films, 7])
    values, years, genres, _ = made_up(n_films, rng, mix=1.0)
    found = (
        trends(gather_films(values, years=years, labels=genres), **DRAWS)
        .set_index(["measure", "adjusted_for"])
        .loc["lightness"]
    )
    return {
        "as it is": found["holds"][""],
        "same mix": found["holds"]["genre"],
        "slopes": found["slope"].to_numpy(float),
    }


def by_film(n_films, seed):
    """Whether any trend holds where years are dealt to films of four posters, film by film and poster by poster."""
    rng = np.random.default_rng([seed, n_films, 4])
    values, years, genres, rows = made_up(n_films, rng, posters=4)
    dealt = pd.Series(rng.permutation(years[::4])[rows])
    options = {"years": dealt, "labels": genres}
    return {
        "by film": trends(gather_films(values, films=rows, **options), **DRAWS)["holds"].any(),
        "by poster": trends(gather_films(values, **options), **DRAWS)["holds"].any(),
    }


def covered(n_films, seed):
    """Whether intervals of means hold the mean of the last decade, and bands the curve at its middle year."""
    rng = np.random.default_rng([seed, n_films, 5])
    values, years, _, _ = made_up(n_films, rng, slope=0.2)
    films = gather_films(values[["near_black"]], years=years)
    means, curve = bin_means(films).iloc[-1], trend_curves(films)
    truth, middle = 0.8 / 3.8, curve.iloc[len(curve) // 2]
    return {
        "mean": means["low"] <= truth <= means["high"],
        "curve": middle["low"] <= truth <= middle["high"],
    }


def collect(pool, work, n):
    """What the collections gave, by name."""
    found = list(pool.map(work, range(n), chunksize=8))
    return {name: np.concatenate([np.atleast_1d(one[name]) for one in found]) for name in found[0]}


def one_thread():
    """Keep a process to one thread."""
    threadpool_limits(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--collections", type=int, default=200)
    parser.add_argument("--films", type=int, nargs="+", default=[100, 400, 1600])
    asked = parser.parse_args()
    n, parts = asked.collections, []
    with ProcessPoolExecutor(2, initializer=one_thread) as pool:
        rows = []
        for n_films in asked.films:
            got = collect(pool, partial(shuffled, n_films), n)
            rows.append(
                [
                    n_films,
                    *(
                        share(got[name])
                        for name in (
                            "any trend",
                            "any difference",
                            "p of a trend",
                            "p with the same mix",
                        )
                    ),
                ]
            )
        parts += [
            f"## Shuffled years and genres\n\nIn {n} collections for each number of films, years (or genres) were dealt to other films. A trend of any of three measures, as it is or with the same mix, or a difference of any of three measures for any of six "
            "genres, held in this share of collections; and this share of single tests had p of at most 0.05.",
            table(
                [
                    "films",
                    "any trend holds",
                    "any difference holds",
                    "p ≤ 0.05",
                    "p ≤ 0.05, same mix",
                ],
                rows,
            ),
        ]
        rows = []
        for n_films in asked.films:
            for slope in (0.05, 0.1, 0.2):
                got = collect(pool, partial(planted, n_films, slope), n)
                rows.append(
                    [n_films, f"{slope:g} SD", *(share(got[name], sure=False) for name in got)]
                )
        parts += [
            "## Planted trends\n\nLightness changes by so many standard deviations of its noise a decade, over five decades. Share of collections in which the trend holds after correction, and in which the interval holds the true slope.",
            table(
                [
                    "films",
                    "slope a decade",
                    "found",
                    "found, same mix",
                    "interval",
                    "interval, same mix",
                ],
                rows,
            ),
        ]
        rows = []
        for n_films in asked.films:
            got = collect(pool, partial(changing_mix, n_films), n)
            slopes = got["slopes"].reshape(-1, 2).mean(axis=0)
            rows.append(
                [
                    n_films,
                    share(got["as it is"]),
                    share(got["same mix"]),
                    *(f"{one:.2f}" for one in slopes),
                ]
            )
        parts += [
            "## A trend of the mix alone\n\nNo genre changes; horror, which is dark, is made ever more often, comedy ever less. Films have up to three genres and more. Share of collections in which a trend of lightness holds, and the mean slope in points a decade.",
            table(
                [
                    "films",
                    "holds as it is",
                    "holds with the same mix",
                    "slope as it is",
                    "slope, same mix",
                ],
                rows,
            ),
        ]
        rows = []
        for n_films in asked.films[:2]:
            got = collect(pool, partial(by_film, n_films), n)
            rows.append([n_films, share(got["by film"]), share(got["by poster"])])
        parts += [
            "## Four posters of each film\n\nYears were dealt to films of four posters that resemble each other. Share of collections in which any trend holds, if films count once, and if posters were taken for films.",
            table(["films", "by film", "by poster"], rows),
        ]
        rows = []
        for n_films in asked.films:
            got = collect(pool, partial(covered, n_films), n)
            rows.append([n_films, share(got["mean"]), share(got["curve"])])
        parts += [
            "## Intervals of means, and bands\n\nOf a skewed measure without a trend: share of collections in which the interval of the last decade's mean, and the band of the curve at its middle year, hold the true mean; 95 % is what they promise.",
            table(["films", "mean of a decade", "curve"], rows),
        ]
    films = " ".join(map(str, asked.films))
    keep(
        "trend_rates",
        "How often trends and differences are found",
        *parts,
        command=f"python benchmarks/trend_rates.py --collections {n} --films {films}",
    )


if __name__ == "__main__":
    main()
