"""Several posters of one film are no further evidence: neither their likeness nor their common genres speak for anything."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from poster_analysis.clustering.agreement import agreement, shuffled_rows
from poster_analysis.clustering.description import enrichment
from poster_analysis.extraction.features import Features
from poster_analysis.similarity.genres import bootstrap_interval, genre_agreement, poster_scores
from poster_analysis.similarity.neighbours import neighbours
from poster_analysis.similarity.retrieval import group_retrieval

N_SEEDS, N_FILMS = 24, 30
MOST_FALSE = int(binom.ppf(0.999, N_SEEDS, 0.05))
GENRES = np.array(["Drama", "Comedy", "Horror"])


def planted(seed):
    """Posters that look like their film, and films whose genre has nothing to do with it."""
    rng = np.random.default_rng(seed)
    films = np.repeat(np.arange(N_FILMS), rng.integers(2, 5, N_FILMS))
    looks = rng.normal(size=(N_FILMS, 8))[films] + 0.2 * rng.normal(size=(len(films), 8))
    index = pd.DataFrame(
        {"imdb_id": np.arange(len(films)).astype(str), "film_id": films.astype(str)}
    )
    index["genre"] = rng.choice(GENRES, N_FILMS)[films]
    labels = rng.integers(0, 4, N_FILMS)[films]
    return index, Features(looks, index), labels


def nearest_p(index, features, _):
    found = genre_agreement(
        neighbours(features, n_neighbors=6), index, numbers=(6,), n_bootstrap=199
    )
    return found["p_value"].iloc[0]


def cluster_p(index, _, labels):
    return agreement(labels, index["genre"], films=index.get("film_id"))["p_value"].iloc[0]


def group_p(index, features, _):
    groups = index.rename(columns={"genre": "franchise"})
    found = group_retrieval(
        neighbours(features, n_neighbors=6), index, groups, numbers=(6,), n_bootstrap=199
    )
    return found["p_value"].iloc[-1]


@pytest.mark.parametrize("p_value", [nearest_p, cluster_p, group_p])
def test_genres_by_chance_are_seldom_found_in_the_looks_of_films(p_value):
    found = [p_value(*planted(seed)) for seed in range(N_SEEDS)]
    assert sum(p <= 0.05 for p in found) <= MOST_FALSE
    without = [p_value(one[0].drop(columns="film_id"), *one[1:]) for one in map(planted, range(8))]
    assert sum(p <= 0.05 for p in without) > 3, "the planted data would not show the fault"


def test_over_represented_genres_by_chance_are_seldom_found():
    smallest = []
    for seed in range(N_SEEDS):
        index, _, labels = planted(seed)
        smallest.append(
            enrichment(labels, {"genre": index["genre"]}, films=index["film_id"])[
                "p_adjusted"
            ].min()
        )
    assert sum(p <= 0.05 for p in smallest) <= MOST_FALSE


def test_what_is_there_is_still_found():
    index, features, labels = planted(1)
    genre = pd.Series(GENRES[labels % 3])
    assert agreement(labels, genre, films=index["film_id"])["p_value"].max() == 1 / 200
    assert enrichment(labels, {"genre": genre}, films=index["film_id"])["p_adjusted"].min() < 0.05
    looks = features.X + 3 * (np.arange(8) == (labels % 3)[:, None])
    found = neighbours(Features(looks, index), n_neighbors=6)
    assert (
        genre_agreement(found, index.assign(genre=genre), numbers=(6,))["p_value"].max() == 1 / 200
    )


def test_a_poster_of_the_same_film_is_no_neighbour():
    index = pd.DataFrame(
        {"imdb_id": [*"abcd"], "film_id": [*"1123"], "genre": ["Drama", "Drama", "Drama", "War"]}
    )
    lists = {"a": "bdc", "b": "adc", "c": "abd", "d": "abc"}
    table = pd.DataFrame(
        [
            (one, rank, other)
            for one, others in lists.items()
            for rank, other in enumerate(others, start=1)
        ],
        columns=["imdb_id", "rank", "neighbour_id"],
    )
    scores = poster_scores(table, index, numbers=(1, 2))[0]
    assert scores.tolist() == [[0, 0, 1, 0], [0.5, 0.5, 1, 0]]
    plain = poster_scores(table, index.drop(columns="film_id"), numbers=(1, 2))[0]
    assert plain.tolist() == [[1, 1, 1, 0], [0.5, 0.5, 1, 0]]


def test_films_exchange_what_is_known_of_them_as_a_whole():
    films = np.array([5, 2, 5, 7, 2, 9, 9, 9, 1])
    for seed in range(20):
        dealt = shuffled_rows(films, np.random.default_rng(seed))
        assert sorted(dealt) == [*range(9)]
        assert films[dealt[0]] == films[dealt[2]] and films[dealt[1]] == films[dealt[4]]
        assert dealt[5:8].tolist() == [5, 6, 7], "no other film has three"
        assert dealt[0] < dealt[2], "in their order"
    same = shuffled_rows(np.arange(50), np.random.default_rng(3))
    assert (same == np.random.default_rng(3).permutation(50)).all()


def test_films_are_sampled_for_an_interval():
    values = np.random.default_rng(9).normal(size=30)
    assert bootstrap_interval(
        np.repeat(values, 4), films=np.repeat(np.arange(30), 4)
    ) == pytest.approx(bootstrap_interval(values))
    wide, narrow = bootstrap_interval(values), bootstrap_interval(np.repeat(values, 4))
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])
