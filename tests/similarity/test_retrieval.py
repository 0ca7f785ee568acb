"""Retrieval of groups: scikit-learn's average precision, chance, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_neighbours import neighbour_table, random_rows, some_ids
from sklearn.metrics import average_precision_score

from poster_analysis.collection.posters import read_collection
from poster_analysis.core.errors import InputError
from poster_analysis.extraction.backbones import load_backbone
from poster_analysis.extraction.extract import extract
from poster_analysis.similarity.neighbours import neighbours
from poster_analysis.similarity.retrieval import (
    group_retrieval,
    retrieval_scores,
)
from poster_analysis.words.neighbours import retrieval_finding


def groups_of(labels):
    return pd.DataFrame({"imdb_id": some_ids(len(labels)), "franchise": labels})


def value(table, measure, n=None):
    rows = table[table["measure"] == measure]
    return rows.loc[rows["n_neighbors"] == n, "value"].item() if n else rows["value"].item()


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["", "A", "B", "C"]), min_size=4, max_size=14), st.integers(0, 99))
def test_average_precision_of_whole_lists_is_that_of_scikit_learn(labels, seed):
    groups, n = groups_of(labels), len(labels)
    rows = random_rows(n, n - 1, seed)
    scores = retrieval_scores(neighbour_table(rows, groups["imdb_id"]), groups, groups)
    for row, label in enumerate(labels):
        truth = np.array([labels[other] == label for other in rows[row]])
        if not label or not truth.any():
            assert np.isnan(scores[row])
        else:
            np.testing.assert_allclose(
                scores[row], average_precision_score(truth, -np.arange(n - 1))
            )


def test_precision_and_recall_are_those_of_a_plain_loop():
    labels = ["A"] * 4 + ["B"] * 3 + [""] * 13
    groups, rows = groups_of(labels), random_rows(20, 10, 3)
    table = group_retrieval(
        neighbour_table(rows, groups["imdb_id"]), groups, groups, numbers=(2, 10)
    )
    for n in (2, 10):
        found = [sum(labels[o] == labels[row] for o in rows[row, :n]) for row in range(7)]
        others = np.array([3] * 4 + [2] * 3)
        np.testing.assert_allclose(value(table, "precision", n), np.mean(found) / n)
        np.testing.assert_allclose(value(table, "recall", n), np.mean(found / others))
    assert table["n_posters"].eq(7).all() and table["n_groups"].eq(2).all()


def test_perfect_neighbours_find_everything():
    groups = groups_of(list("AABBCC"))
    rows = [[1, 2], [0, 2], [3, 0], [2, 0], [5, 0], [4, 0]]
    table = group_retrieval(neighbour_table(rows, groups["imdb_id"]), groups, groups, numbers=[1])
    assert table["value"].tolist() == [1, 1, 1] and (table["low"] == 1).all()


def test_chance_is_what_neighbours_by_lot_give():
    groups = groups_of(["A"] * 10 + ["B"] * 20 + [""] * 170)
    table = group_retrieval(
        neighbour_table(random_rows(200, 20), groups["imdb_id"]), groups, groups
    )
    recall = table[table["measure"] == "recall"].set_index("n_neighbors")["chance"]
    np.testing.assert_allclose(recall[20], 20 / 199, rtol=0.15)
    assert (table["p_value"] > 0.01).all()


def test_franchises_of_drawn_posters_are_brought_back_beyond_chance(drawn, tmp_path):
    collection = read_collection(drawn.posters, drawn.metadata)
    features = extract(
        collection, load_backbone("colour", weights="none"), tmp_path, progress=False
    ).features
    table = group_retrieval(
        neighbours(features, n_neighbors=20), features.index, drawn.read_truth()
    )
    average = table[table["measure"] == "average precision"].iloc[0]
    assert average["p_value"] == 1 / 200 and average["low"] > average["chance_high"]
    assert "franchise" in retrieval_finding(table)


def test_groups_of_one_ask_nothing():
    groups = groups_of(["A", "B", "", " "])
    table = group_retrieval(
        neighbour_table(random_rows(4, 2), groups["imdb_id"]), groups, groups, numbers=[1]
    )
    assert table.empty and retrieval_finding(table).startswith("No poster")


def test_what_does_not_fit_is_refused():
    groups = groups_of(["A"] * 4)
    table = neighbour_table(random_rows(4, 2), groups["imdb_id"])
    with pytest.raises(InputError, match="no column series"):
        group_retrieval(table, groups, groups, column="series", numbers=[1])
    with pytest.raises(InputError, match="twice"):
        group_retrieval(table, groups, pd.concat([groups, groups]), numbers=[1])
    with pytest.raises(InputError, match="from 1 to 2"):
        group_retrieval(table, groups, groups, numbers=[3])
