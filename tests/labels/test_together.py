"""What belongs together: series by their titles, chains of films, copies and series, and folds that nothing straddles."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poster_analysis.core.errors import InputError
from poster_analysis.labels.together import fold_numbers, posters_together, series_key

SERIES = [
    ["Saw (2004)", "Saw II (2005)", "Saw: The Final Chapter (2010)"],
    ["Alien (1979)", "Alien 3", "Alien: Resurrection"],
    ["The Godfather", "Godfather, The: Part II", "The Godfather: Part III (1990)"],
    ["Star Wars: Episode IV - A New Hope", "Star Wars: Episode V - The Empire Strikes Back"],
    ["Rocky", "ROCKY IV", "Rocky – The Last Round"],
]


def links(index, copies):
    """The pairs of rows that have a film, a picture or a key of a title in common."""
    group = dict(zip(copies["imdb_id"], copies["group"], strict=True))
    known = [
        [("film", film), ("copy", group.get(one)), ("series", series_key(title))]
        for one, film, title in index[["imdb_id", "film_id", "title"]].itertuples(index=False)
    ]
    named = [{(kind, value) for kind, value in one if value not in (None, "")} for one in known]
    n = len(index)
    return [(i, j) for i in range(n) for j in range(i) if named[i] & named[j]]


@pytest.mark.parametrize("titles", SERIES, ids=lambda titles: titles[0])
def test_the_films_of_a_series_have_one_key(titles):
    assert len({series_key(title) for title in titles}) == 1


def test_films_that_only_share_a_word_or_a_number_have_keys_of_their_own():
    titles = ["300", "1408", "2012", "X", "V", "Seven", "Love Actually", "Love Story", "The", ""]
    assert len({series_key(title) for title in titles}) == len(titles)


posters = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"),
        st.sampled_from(["Saw", "Saw 2", "Alone", "Shark: One", "Shark", "", "Other"]),
        st.integers(-6, 3),
    ),
    min_size=6,
    max_size=40,
)


@settings(max_examples=60)
@given(posters, st.integers(2, 4), st.integers(0, 9))
def test_nothing_that_belongs_together_straddles_folds(rows, n_splits, seed):
    index = pd.DataFrame(rows, columns=["film_id", "title", "group"])
    index.insert(0, "imdb_id", [f"id {n}" for n in range(len(index))])
    copies = index[index["group"] >= 0][["imdb_id", "group"]]
    together = posters_together(index, copies=copies)
    pairs = links(index, copies)
    assert all(together[i] == together[j] for i, j in pairs)
    n_groups = len(set(together))
    joined = {frozenset(np.flatnonzero(together == one)) for one in set(together)}
    for group in joined - {
        frozenset([row]) for row in range(len(index))
    }:  # no more than links ask for
        reached = {min(group)}
        for _ in group:
            reached |= {j for i, j in pairs if i in reached} | {i for i, j in pairs if j in reached}
        assert reached == group
    if n_splits > n_groups:
        with pytest.raises(InputError, match=r"n_splits|divided"):
            fold_numbers(together, n_splits=n_splits)
        return
    folds = fold_numbers(together, n_splits=n_splits, random_state=seed)
    assert set(folds) == set(range(n_splits))
    assert all(folds[i] == folds[j] for i, j in pairs)


def test_a_column_that_names_the_series_is_taken_as_it_is():
    index = pd.DataFrame(
        {"imdb_id": ["1", "2", "3"], "title": ["A", "B", "C"], "saga": ["x", "x", None]}
    )
    assert posters_together(index, series="saga").tolist() == [0, 0, 1]
