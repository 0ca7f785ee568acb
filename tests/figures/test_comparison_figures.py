"""Figures of runs side by side: any number of runs, any names, what is drawn is what the table holds."""

import numpy as np
import pandas as pd
import pytest
from tables_to_draw import assert_tidy, sweep, words_of

from poster_analysis.core.errors import InputError
from poster_analysis.figures.comparison import matching_chart, overlap_chart, runs_curve
from poster_analysis.study.comparison import match_clusters

HOSTILE = "<script>$x_1$\n\u202e" + "long" * 100


def runs(names, **options):
    """Sweeps of several runs, each a little higher than the one before."""
    tables = [
        sweep(level=0.05 + 0.01 * n, **options).assign(run=name) for n, name in enumerate(names)
    ]
    return pd.concat(tables, ignore_index=True)


def overlaps(pairs, n=6, posters=40):
    """Overlaps of pairs of runs with every number of common neighbours."""
    share = np.arange(posters) % (n + 1) / n
    tables = [
        pd.DataFrame({"run_a": a, "run_b": b, "n_neighbors": n, "overlap": share, "chance": 0.1})
        for a, b in pairs
    ]
    return pd.concat(tables, ignore_index=True)


def matching(n_a, n_b, posters=200):
    """How clusters of two unrelated runs match."""
    rng = np.random.default_rng(9)
    ids = [str(n) for n in range(posters)]
    labels = [np.r_[np.arange(n), rng.integers(0, n, posters - n)] for n in (n_a, n_b)]
    return match_clusters(*(pd.DataFrame({"imdb_id": ids, "cluster": one}) for one in labels))


@pytest.mark.parametrize("n", [1, 2, 7, 30])
@pytest.mark.parametrize("score", ["silhouette", "silhouette_original", "stability_halves"])
def test_any_number_of_runs_is_tidy(n, score):
    figure = runs_curve(runs([f"run-{i}" for i in range(n)]), score=score, n_posters=5000)
    assert_tidy(figure)
    assert {f"run-{i}" for i in range(n)} <= set(words_of(figure.axes[0]))


def test_lines_begin_and_end_where_their_runs_do():
    table = pd.concat([sweep(k=range(2, 6)).assign(run="short"), runs(["long"])])
    (axes,) = runs_curve(table).axes
    drawn = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) > 2]
    assert [(x[0], x[-1]) for x in map(list, drawn)] == [(2, 5), (5, 25)]
    assert axes.get_xlim()[0] < 2 and axes.get_xlim()[1] > 25


def test_runs_without_a_score_are_left_out_and_all_of_them_are_an_error():
    table = runs(["a", "b"])
    table.loc[table["run"] == "b", "stability_halves"] = np.nan
    figure = runs_curve(table, score="stability_halves")
    assert "b" not in words_of(figure.axes[0])
    with pytest.raises(InputError, match="no run has a value of stability_halves"):
        runs_curve(table[table["run"] == "b"], score="stability_halves")


def test_the_headline_names_the_best_run_and_its_k():
    label = runs_curve(runs(["low", "high"])).get_label()
    assert label == "The silhouette is highest in high, at k = 5 (0.060)"


@pytest.mark.parametrize("k", [[3], [2, 3]])
def test_one_or_two_numbers_of_clusters_are_tidy(k):
    assert_tidy(runs_curve(runs(["a", "b"], k=k)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda table: table.drop(columns="run"), "no column run"),
        (lambda table: pd.concat([table, table]), "k = 5 of the run a twice"),
        (lambda table: table.assign(space=["raw", "pca"] * (len(table) // 2)), "one space at a time"),
        (lambda table: table[:0], "no rows"),
    ],
)  # fmt: skip
def test_faulty_sweeps_are_named(change, reason):
    with pytest.raises(InputError, match=reason):
        runs_curve(change(runs(["a", "b"])))
    with pytest.raises(InputError, match="no curve of 'inertia'"):
        runs_curve(runs(["a"]), score="inertia")


@pytest.mark.parametrize("n", [1, 2, 12])
def test_any_pairs_are_tidy_and_their_shares_sum_to_one(n):
    figure = overlap_chart(overlaps([("the study", f"run-{i}") for i in range(n)]))
    assert_tidy(figure)
    (axes,) = figure.axes
    assert sum(bar.get_width() for bar in axes.patches) == pytest.approx(n)


@pytest.mark.parametrize(("share", "place"), [(0.0, 0), (0.49, 1), (0.5, 2), (0.99, 2), (1.0, 3)])
def test_a_share_belongs_to_its_class(share, place):
    figure = overlap_chart(overlaps([("a", "b")]).assign(overlap=share))
    assert [bar.get_width() for bar in figure.axes[0].patches] == [i == place for i in range(4)]


@pytest.mark.parametrize("shape", [(1, 1), (1, 12), (4, 3), (40, 25)])
def test_any_matching_is_tidy_and_every_cell_is_there(shape):
    figure = matching_chart(matching(*shape), run_a="a", run_b="b", space="nmf")
    assert_tidy(figure)
    assert figure.axes[0].collections[0].get_array().size == shape[0] * shape[1]


def test_matched_pairs_lie_on_the_diagonal():
    table = matching(6, 6)
    (axes,) = matching_chart(table, run_a="a", run_b="b").axes
    frames = [line for line in axes.lines if len(line.get_xdata()) == 5]
    assert len(frames) == table["matched"].sum()
    assert all(list(frame.get_xdata()[:1]) == list(frame.get_ydata()[:1]) for frame in frames)


def test_a_matching_with_a_missing_pair_is_refused():
    with pytest.raises(InputError, match="every pair of clusters exactly once"):
        matching_chart(matching(3, 3)[1:], run_a="a", run_b="b")


def test_names_of_runs_are_data():
    assert_tidy(runs_curve(runs([HOSTILE, ""])))
    assert_tidy(overlap_chart(overlaps([(HOSTILE, HOSTILE + "2"), ("", "")])))
    assert_tidy(matching_chart(matching(3, 4), run_a=HOSTILE, run_b=HOSTILE))
