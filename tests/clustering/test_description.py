"""Cluster cards: exemplars in any space, and what is over-represented, whatever the metadata hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from poster_analysis.clustering.description import (
    cluster_exemplars,
    cluster_line,
    enrichment,
    enrichment_findings,
    over_represented,
)
from poster_analysis.collection.groups import decades, value_lists, value_matrix
from poster_analysis.core.errors import InputError
from poster_analysis.core.files import read_table, write_table
from poster_analysis.distances.measure import (
    row_distances,
)
from poster_analysis.distances.pairs import (
    Distances,
)

HOSTILE = [
    "<script>alert(1)</script>",
    "$x_1^2$ \\frac{",
    '"quotes" \'n, commas; %s {0}',
    "\u202eשלום عربي",
    "🎬👨‍👩‍👧 七人の侍",
    "x" * 5000,
    "nan",
    "=1+1",
]


def make_clusters(labels, silhouettes=None):
    n_posters = len(labels)
    silhouettes = np.zeros(n_posters) if silhouettes is None else silhouettes
    ids = [f"tt{number}" for number in range(n_posters)]
    return pd.DataFrame(
        {
            "imdb_id": ids,
            "title": [f"Film {imdb_id}" for imdb_id in ids],
            "cluster": labels,
            "silhouette": silhouettes,
        }
    )


def rows_of(table, number, role):
    """The rows that were chosen, in their order."""
    part = table[(table["cluster"] == number) & (table["role"] == role)]
    assert part["rank"].tolist() == list(range(1, len(part) + 1))
    return part["imdb_id"].str[2:].astype(int).tolist()


@pytest.fixture(scope="module")
def X():
    rng = np.random.default_rng(5)
    X = np.maximum(rng.normal(size=(300, 6)) @ rng.normal(size=(6, 700)), 0)
    X[40], X[41], X[299] = X[7], X[7], X[7]
    return X.astype(np.float32)


@pytest.fixture(scope="module")
def clusters(X):
    rng = np.random.default_rng(6)
    labels = rng.integers(0, 5, len(X))
    labels[[7, 40, 41, 299]] = 2
    labels[10] = 9
    return make_clusters(labels, rng.uniform(-1, 1, len(X)).round(2))


@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("keep", [True, False])
def test_medoids_are_those_of_double_precision(X, clusters, normalised, keep):
    found = cluster_exemplars(clusters, row_distances(X, keep=keep), normalised=normalised)
    rows = normalize(X.astype(np.float64)) if normalised else X.astype(np.float64)
    for number in clusters["cluster"].unique():
        members = np.flatnonzero(clusters["cluster"] == number)
        sums = np.linalg.norm(rows[members, None] - rows[members], axis=2).sum(axis=1)
        sums /= sums.max() or 1
        expected = members[np.lexsort((members, sums.round(6)))][:6]
        assert rows_of(found, number, "medoid") == expected.tolist()


@settings(max_examples=60)
@given(
    st.integers(1, 14).flatmap(
        lambda n: st.tuples(
            st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=2), min_size=n, max_size=n),
            st.lists(st.integers(0, 2), min_size=n, max_size=n),
            st.lists(st.sampled_from([-0.5, 0.0, 0.5]), min_size=n, max_size=n),
        )
    ),
    st.integers(1, 4),
    st.integers(0, 3),
)
def test_any_small_clustering_gets_what_the_definitions_say(drawn, n_medoids, n_edges):
    X, labels, silhouettes = map(np.array, drawn)
    found = cluster_exemplars(
        make_clusters(labels, silhouettes),
        row_distances(X, keep=False),
        normalised=False,
        n_medoids=n_medoids,
        n_edges=n_edges,
    )
    assert found["imdb_id"].is_unique
    for number in np.unique(labels):
        members = np.flatnonzero(labels == number)
        sums = np.linalg.norm(X[members, None] - X[members], axis=2).sum(axis=1).round(4)
        medoids = members[np.lexsort((members, sums))][:n_medoids].tolist()
        others = [row for row in members if row not in medoids]
        edge = sorted(others, key=lambda row: (silhouettes[row], row))[:n_edges]
        assert rows_of(found, number, "medoid") == medoids
        assert rows_of(found, number, "edge") == edge


def test_copies_are_ranked_by_row_whether_distances_are_kept_or_not(X, clusters):
    alone = clusters.assign(cluster=np.where(np.isin(clusters.index, [7, 40, 41, 299]), 0, 1))
    for keep in (True, False):
        found = cluster_exemplars(alone, row_distances(X, keep=keep), normalised=True)
        assert rows_of(found, 0, "medoid") == [7, 40, 41, 299]


@pytest.mark.parametrize("keep", [True, False])
def test_copies_are_ranked_by_row_even_where_products_differ_between_rows(monkeypatch, keep):
    rng = np.random.default_rng(1)
    X = np.vstack([rng.normal(size=(40, 8))] * 2)
    squared = Distances.squared

    def uneven(self, rows, **options):
        found = squared(self, rows, **options)
        return found * np.linspace(1, 0.999, len(found), dtype=np.float32)[:, None]

    monkeypatch.setattr(Distances, "squared", uneven)
    clusters = make_clusters(np.zeros(80, int))
    found = cluster_exemplars(clusters, row_distances(X, keep=keep), normalised=False, n_medoids=80)
    place = np.argsort(rows_of(found, 0, "medoid"))
    assert (place[40:] == place[:40] + 1).all()


def test_a_cluster_of_one_poster_has_one_medoid_and_no_edge(X, clusters):
    found = cluster_exemplars(clusters, row_distances(X), normalised=True)
    assert rows_of(found, 9, "medoid") == [10] and rows_of(found, 9, "edge") == []


def test_posters_without_features_are_no_obstacle():
    X = np.zeros((6, 4))
    X[3:] = np.eye(3, 4)
    found = cluster_exemplars(
        make_clusters([0, 0, 0, 1, 1, 1]), row_distances(X), normalised=True, n_medoids=2
    )
    assert rows_of(found, 0, "medoid") == [0, 1] and rows_of(found, 1, "medoid") == [3, 4]


def test_without_kept_distances_only_those_inside_clusters_are_measured(monkeypatch):
    rng = np.random.default_rng(2)
    clusters = make_clusters(np.repeat(np.arange(20), 60))
    distances = row_distances(rng.normal(size=(1200, 8)), keep=False)
    measured, squared = [], Distances.squared

    def spy(self, rows, **options):
        found = squared(self, rows, **options)
        assert self.squared_normalised is None
        measured.append(found.shape)
        return found

    monkeypatch.setattr(Distances, "squared", spy)
    cluster_exemplars(clusters, distances, normalised=False)
    assert sum(rows * columns for rows, columns in measured) == 1200**2 / 20
    assert max(rows for rows, _ in measured) <= 512


def test_exemplars_do_not_depend_on_threads_or_change_their_input(X, clusters):
    before = clusters.copy()
    for keep in (True, False):
        found = []
        for threads in (1, 3):
            with threadpool_limits(threads):
                found.append(
                    cluster_exemplars(clusters, row_distances(X, keep=keep), normalised=False)
                )
        pd.testing.assert_frame_equal(*found, check_exact=True)
    pd.testing.assert_frame_equal(clusters, before)
    assert list(found[0]) == ["cluster", "role", "rank", "imdb_id", "title", "silhouette"]


def test_what_does_not_fit_is_refused(X, clusters):
    distances = row_distances(X)
    for table, options, message in (
        (clusters.drop(columns="title"), {}, "no column title"),
        (clusters.iloc[:-1], {}, "299 posters and the distances of 300"),
        (clusters, {"n_medoids": 0}, "n_medoids is 0; valid values are 1 and more"),
        (clusters, {"n_edges": -1}, "n_edges is -1; valid values are 0 and more"),
    ):
        with pytest.raises(InputError, match=message):
            cluster_exemplars(table, distances, normalised=True, **options)


GENRES = st.lists(st.sampled_from(["Drama", " Drama", "War", "Sci-Fi", "", "a|b"]), max_size=4).map(
    "|".join
)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.none() | GENRES), min_size=1, max_size=40))
def test_counts_and_p_values_are_those_of_fishers_test(posters):
    labels = np.array([label for label, _ in posters])
    values = pd.Series([genre for _, genre in posters], dtype=object)
    table = enrichment(labels, {"genre": values}, min_films=1)
    sets = [{part.strip() for part in (text or "").split("|")} - {""} for text in values]
    known = [number for number, one in enumerate(sets) if one]
    assert len(table) == len(set(labels[known])) * len(set().union(*sets))
    for row in table.itertuples():
        inside = [number for number in known if labels[number] == row.cluster]
        has = [number for number in known if row.value in sets[number]]
        both = len(set(inside) & set(has))
        assert (row.n_in_cluster, row.n_overall) == (both, len(has))
        assert (row.cluster_size, row.n_posters) == (len(inside), len(known))
        counts = [
            [both, len(inside) - both],
            [len(has) - both, len(known) - len(inside) - len(has) + both],
        ]
        p_value = fisher_exact(counts, alternative="greater").pvalue
        np.testing.assert_allclose(row.p_value, p_value, rtol=1e-9)
        np.testing.assert_allclose(row.lift, both / len(inside) / (len(has) / len(known)))


@pytest.fixture(scope="module")
def films():
    rng = np.random.default_rng(8)
    labels = rng.integers(0, 6, 600)
    names = np.array(["Action", "Comedy", "Drama", "Horror", "Romance", "War"])
    own = np.where(rng.random(600) < 0.4, names[labels], rng.choice(names, 600))
    genres = pd.Series(own) + np.where(rng.random(600) < 0.5, "|Other", "")
    years = pd.Series(rng.integers(1930, 2020, 600), dtype="Int64")
    return labels, {"genre": genres, "decade": decades(years)}


def test_the_correction_is_for_all_tests_of_the_table(films):
    table = enrichment(*films)
    p_values = np.sort(table["p_value"])
    m = len(p_values)
    factor = m * (1 / np.arange(1, m + 1)).sum()
    expected = np.minimum.accumulate((factor * p_values / np.arange(1, m + 1))[::-1])[::-1]
    adjusted = np.sort(table["p_adjusted"])
    np.testing.assert_allclose(adjusted, np.minimum(expected, 1), rtol=1e-9)
    assert set(table["column"]) == {"genre", "decade"}
    assert m == 6 * (table["value"].nunique())


def test_planted_genres_are_found_and_shuffled_ones_are_not(films):
    labels, columns = films
    found = over_represented(enrichment(labels, columns))
    names = ["Action", "Comedy", "Drama", "Horror", "Romance", "War"]
    pairs = list(zip(found["cluster"], found["value"], strict=True))
    assert set(enumerate(names)) <= set(pairs)
    rng = np.random.default_rng(1)
    wrong = [len(over_represented(enrichment(rng.permutation(labels), columns))) for _ in range(40)]
    assert np.count_nonzero(wrong) <= 4


def test_the_table_is_sorted_and_does_not_depend_on_the_order_of_posters(films):
    labels, columns = films
    table = enrichment(labels, columns)
    order = np.random.default_rng(0).permutation(len(labels))
    again = enrichment(labels[order], {name: one.iloc[order] for name, one in columns.items()})
    pd.testing.assert_frame_equal(table, again, check_exact=True)
    keys = table[["cluster", "p_adjusted"]].assign(lift=-table["lift"])
    pd.testing.assert_frame_equal(keys, keys.sort_values(list(keys), kind="stable"))
    pd.testing.assert_frame_equal(table, enrichment(labels, pd.DataFrame(columns)))


def test_rare_values_are_not_tested():
    genres = pd.Series(["Drama"] * 10 + ["War"] * 4)
    table = enrichment(np.arange(14) % 2, {"genre": genres}, min_films=5)
    assert set(table["value"]) == {"Drama"} and set(table["n_posters"]) == {14}


def test_one_genre_only_is_over_represented_nowhere():
    table = enrichment(np.arange(30) % 3, {"genre": pd.Series(["Drama"] * 30)})
    assert (table["lift"] == 1).all() and (table["p_value"] == 1).all()
    assert cluster_line(table, 0) == "no genre is over-represented beyond chance"
    sentences = enrichment_findings(table, n_clusters=3, n_posters=30)
    assert sentences == ["In none of 3 clusters is a genre over-represented."]


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, "", " ", "|", " | | "])
def test_posters_without_a_value_are_no_part_of_the_population(nothing):
    genres = pd.Series(["Drama", "War"] * 10 + [nothing] * 7, dtype=object)
    labels = np.array([0, 1] * 10 + [0] * 6 + [5])
    table = enrichment(labels, {"genre": genres})
    assert set(table["n_posters"]) == {20} and set(table["cluster_size"]) == {10}
    assert cluster_line(table, 0) == "Drama 2.0×"
    assert cluster_line(table, 5) == "no metadata to compare"
    sentences = enrichment_findings(table, n_clusters=3, n_posters=27)
    assert sentences[-1] == "7 posters have no genre and are left out of its counts."


def test_no_metadata_at_all_is_said(tmp_path):
    table = enrichment(np.array([0, 0, 1]), {"genre": pd.Series(["", None, " "])})
    assert table.empty
    for one in (table, read_table(write_table(table, tmp_path / "enrichment.csv"))):
        assert list(one) == list(table)
        assert cluster_line(one, 0) == "no metadata to compare"
        (sentence,) = enrichment_findings(one, n_clusters=2, n_posters=3)
        assert "nothing that could be compared" in sentence


@pytest.mark.parametrize("text", HOSTILE)
def test_values_are_data(tmp_path, text):
    genres = pd.Series([text] * 12 + ["Drama"] * 12)
    table = enrichment(np.repeat([0, 1], 12), {"genre": genres})
    assert table["value"][0] == text
    saved = read_table(write_table(table, tmp_path / "enrichment.csv"))
    for one in (table, saved):
        assert cluster_line(one, 0) == f"{text} 2.0×"
        assert any(text in line for line in enrichment_findings(one, n_clusters=2, n_posters=24))


def test_the_separator_is_any_text_or_none():
    values = pd.Series(["a, b,a", "c|d", ""])
    assert value_lists(values, separator=",") == [["a", "b"], ["c|d"], []]
    assert value_lists(values, separator="") == [["a, b,a"], ["c|d"], []]
    membership, names = value_matrix(values, separator=",")
    assert names.tolist() == ["a", "b", "c|d"]
    assert membership.toarray().tolist() == [[1, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_columns_of_other_posters_are_refused():
    with pytest.raises(InputError, match="genre is of 2 posters and the clusters are of 3"):
        enrichment(np.array([0, 1, 1]), {"genre": pd.Series(["a", "b"])})
    with pytest.raises(InputError, match="at least one"):
        enrichment(np.array([0, 1, 1]), {})


def test_decades_of_anything():
    years = pd.Series([1999, "2000", "1985.0", None, "", "soon", -1990, 999, 10000, np.inf])
    assert decades(years).tolist() == ["1990s", "2000s", "1980s"] + [""] * 7
    integers = pd.Series([1894, pd.NA, 2026], dtype="Int64", index=[7, 7, 3])
    assert decades(integers).tolist() == ["1890s", "", "2020s"]
    assert decades(integers).index.tolist() == [7, 7, 3]


def test_a_card_names_the_surest_and_counts_the_rest():
    table = pd.DataFrame(
        {
            "cluster": [1] * 4 + [2],
            "column": "genre",
            "value": list("abcde"),
            "lift": [3.04, 1.02, 2, 0.5, 9],
            "p_adjusted": [0.001, 0.01, 0.05, 0.01, 0.051],
        }
    )
    assert cluster_line(table, 1) == "a 3.0×, b under 1.1×, c 2.0×"
    assert cluster_line(table, 1, most=1) == "a 3.0×, 2 more"
    assert cluster_line(table, 1, alpha=0.005) == "a 3.0×"
    assert cluster_line(table, 2) == "no genre is over-represented beyond chance"
