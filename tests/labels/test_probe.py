"""The probe: scikit-learn's areas, pairs within folds, planted and shuffled labels, and what is refused."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from poster_analysis.core.errors import InputError
from poster_analysis.labels.confusion import ROLES, certain_posters, label_confusion, standing
from poster_analysis.labels.probe import Probe, area_under_curve, linear_probe, probed_rows

FEW = {"n_shuffles": 199, "n_bootstrap": 199}
SIZES = st.integers(4, 40)


def collection(n=200, *, shift=1.2, seed=0):
    """Rows with one label that shifts a feature, and one by lot."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 12))
    planted, lot = rng.random((2, n)) < 0.4
    X[planted, 3] += shift
    labels = np.where([planted, lot], [["planted"], ["lot"]], "").T
    return X, pd.Series(["|".join(filter(None, row)) or "none" for row in labels])


@settings(max_examples=60)
@given(SIZES, st.integers(1, 4), st.integers(0, 999))
def test_the_area_is_that_of_all_pairs_within_folds_however_often_each_poster_counts(
    n, n_folds, seed
):
    rng = np.random.default_rng(seed)
    scores, has = rng.integers(0, 5, n).astype(float), rng.random(n) < 0.5
    folds, weights = rng.integers(0, n_folds, n), rng.integers(0, 4, (3, n))
    for w, found in zip(weights, area_under_curve(scores, has, folds, weights), strict=True):
        won = pairs = 0.0
        for i in np.flatnonzero(has):
            for j in np.flatnonzero(~has & (folds == folds[i])):
                pairs += w[i] * w[j]
                won += w[i] * w[j] * ((scores[i] > scores[j]) + 0.5 * (scores[i] == scores[j]))
        assert found == pytest.approx(won / pairs if pairs else 0.5)


def test_one_fold_gives_the_area_of_scikit_learn():
    rng = np.random.default_rng(1)
    scores, has = rng.normal(size=300), rng.random(300) < 0.2
    (found,) = area_under_curve(scores, has, np.zeros(300))
    assert found == pytest.approx(roc_auc_score(has, scores))


def test_a_planted_label_is_found_and_one_by_lot_is_not():
    X, labels = collection()
    table = linear_probe(X, labels, np.arange(200), **FEW).table.set_index("label")
    assert table.loc["planted", "p_adjusted"] <= 0.05 < table.loc["lot", "p_adjusted"]
    assert table.loc["planted", "low"] > 0.5 > table.loc["lot", "low"]
    assert (table["low"] <= table["auc"]).all() and (table["auc"] <= table["high"]).all()


def test_a_rotation_and_another_unit_change_nothing():
    X, labels = collection()
    turned = 7 * X @ np.linalg.qr(np.random.default_rng(3).normal(size=(12, 12)))[0] + 100
    given = labels, np.arange(200)
    one, other = (linear_probe(rows, *given, **FEW) for rows in (X, turned))
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-3)
    np.testing.assert_allclose(one.table["first_step"], other.table["first_step"], atol=2e-3)


def test_more_dimensions_than_posters_are_the_same_problem_by_their_principal_components():
    X, labels = collection()
    wide = sp.csr_array(np.hstack([X, np.zeros((200, 2000))]))
    given = labels, np.arange(200)
    one, other = linear_probe(X, *given, **FEW), linear_probe(wide, *given, **FEW)
    np.testing.assert_allclose(one.scores, other.scores, atol=2e-3)
    assert probed_rows(wide)[1] == pytest.approx(1)


def test_posters_of_one_group_are_in_one_fold_and_are_tried_by_others_only():
    X, labels = collection(120)
    together = np.arange(120) // 3
    found = linear_probe(X, labels, together, **FEW)
    assert pd.Series(found.folds).groupby(together).agg(lambda one: len(set(one))).eq(1).all()
    changed = X.copy()
    fold = found.folds == 0
    other = linear_probe(changed, labels.where(~fold, "none"), together, **FEW)
    shared = [(found.labels.index(one), other.labels.index(one)) for one in ("planted", "lot")]
    for a, b in shared:  # labels of a fold say nothing of its own scores
        np.testing.assert_allclose(found.scores[fold, a], other.scores[fold, b], atol=1e-6)


def test_copies_on_both_sides_would_make_any_label_look_as_if_it_could_be_told():
    rng = np.random.default_rng(5)
    X, lot = rng.normal(size=(60, 60)), pd.Series(np.where(rng.random(60) < 0.5, "a", "b"))
    X, lot, pictures = (
        np.repeat(X, 3, axis=0),
        lot.repeat(3).reset_index(drop=True),
        np.repeat(np.arange(60), 3),
    )
    kept, apart = (
        linear_probe(X, lot, groups, **FEW).table for groups in (pictures, np.arange(180))
    )
    assert apart["auc"].min() > 0.9 > 0.65 > kept["auc"].max()
    assert (kept["p_value"] > 0.05).all()


def test_series_are_counted_once_and_labels_of_too_few_films_are_named_and_not_judged():
    X, labels = collection(150)
    labels = labels.where(np.arange(150) >= 40, "series")
    together = np.where(np.arange(150) < 40, 0, np.arange(150))
    table = linear_probe(X, labels, together, **FEW).table.set_index("label")
    assert (table.loc["series", "n_posters"], table.loc["series", "n_films"]) == (40, 1)
    assert not table.loc["series", "judged"] and np.isnan(table.loc["series", "auc"])
    assert table.index[-1] == "series"


@pytest.mark.parametrize(
    "values", [["same"] * 50, [""] * 50, [None] * 50, [f"own {n}" for n in range(50)]]
)
def test_a_column_in_which_nothing_can_be_told_apart_has_no_label_that_is_judged(values):
    found = linear_probe(np.eye(50), pd.Series(values, dtype=object), np.arange(50), **FEW)
    assert found.labels == () and not found.table["judged"].any()
    assert (found.folds == -1).all() and found.scores.shape == (50, 0)
    assert label_confusion(found).empty


def test_posters_of_which_nothing_is_known_take_no_part():
    X, labels = collection(220)
    X[200:] = np.nan  # would spoil everything
    X = np.nan_to_num(X)
    labels[200:] = ""
    found = linear_probe(X, labels, np.arange(220), **FEW)
    assert np.isnan(found.scores[200:]).all() and np.isfinite(found.scores[:200]).all()
    assert (found.table["n_known"] == 200).all() and (found.folds[200:] == -1).all()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"n_shuffles": 19}, "n_shuffles"),
        ({"n_bootstrap": 9}, "n_bootstrap"),
        ({"min_films": 3}, "min_films"),
        ({"n_splits": 500}, "n_splits"),
    ],
)
def test_numbers_that_are_too_small_are_refused_in_one_line(changes, word):
    with pytest.raises(InputError, match=word) as refused:
        linear_probe(*collection(), np.arange(200), **changes)
    assert "\n" not in str(refused.value)


def probe_of(scores, has, labels=("a", "b")):
    """A probe with these scores, all posters in one fold."""
    return Probe(
        pd.DataFrame(),
        labels,
        np.asarray(scores, float),
        np.asarray(has, bool),
        np.zeros(len(scores), int),
    )


def test_confusion_counts_posters_that_stand_higher_by_the_other_label():
    has = [[1, 0]] * 20 + [[0, 1]] * 20 + [[1, 1]] * 5
    perfect = probe_of(np.where(has, 3.0, -3.0) + np.linspace(0, 0.1, 45)[:, None], has)
    assert label_confusion(perfect)["share"].tolist() == [0, 0]
    turned = probe_of(np.where(has, -3.0, 3.0)[:, ::1] + np.linspace(0, 0.1, 45)[:, None], has)
    assert label_confusion(turned)["share"].tolist() == [1, 1]
    assert label_confusion(perfect)["n_posters"].tolist() == [20, 20]
    nothing = probe_of(np.zeros((45, 2)), has)
    assert label_confusion(nothing)["share"].tolist() == [0.5, 0.5]


def test_the_measure_of_log_odds_does_not_count_in_the_confusion():
    rng = np.random.default_rng(2)
    has = rng.random((80, 2)) < 0.5
    scores = rng.normal(size=(80, 2))
    one, other = (
        label_confusion(probe_of(these, has)) for these in (scores, scores * [1, 50] + [0, 9])
    )
    assert one.equals(other)


def test_two_labels_with_too_few_posters_of_one_alone_are_not_compared():
    has = [[1, 1]] * 30 + [[1, 0]] * 3 + [[0, 1]] * 15
    table = label_confusion(probe_of(np.arange(96.0).reshape(48, 2), has))
    assert table["share"].isna().tolist() == [True, False]


def test_the_surest_posters_come_first_in_each_role():
    has = np.arange(40)[:, None] % 2 == 0
    scores = np.arange(40.0)[:, None]
    index = pd.DataFrame({"imdb_id": np.arange(40).astype(str), "title": ""})
    table = certain_posters(probe_of(scores, has, ("a",)), index, n_posters=2)
    found = {role: rows["imdb_id"].tolist() for role, rows in table.groupby("role")}
    assert found == dict(zip(ROLES, (["38", "36"], ["0", "2"], ["39", "37"]), strict=True))
    assert standing(probe_of(scores, has, ("a",))).ravel().tolist() == [
        (n + 0.5) / 40 for n in range(40)
    ]
