"""Figures of labels and outliers: any labels and numbers, gaps between runs, faults."""

import numpy as np
import pandas as pd
import pytest
from tables_to_draw import assert_tidy, words_of

from poster_analysis.core.errors import InputError
from poster_analysis.figures.labels import label_areas_chart, label_confusion_chart

HOSTILE = "<script>$x_1$\n\u202e" + "long" * 30


def probed(n=5, spaces=("raw", "pca"), **columns):
    """Labels whose areas fall."""
    auc = np.linspace(0.9, 0.5, n)
    parts = [
        pd.DataFrame(
            {"column": "genre", "label": [f"Label {one}" for one in range(n)], "judged": True, "n_known": 900, "space": space, "auc": auc, "low": auc - 0.03, "high": auc + 0.03}
        )
        for space in spaces
    ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    return table.assign(chance=0.5, chance_low=0.45, chance_high=0.55, p_adjusted=0.01).assign(
        **columns
    )


@pytest.mark.parametrize("n", [1, 3, 40])
@pytest.mark.parametrize("spaces", [("raw",), ("raw", "pca", "nmf")])
def test_any_number_of_labels_and_spaces_is_tidy(n, spaces):
    figure = label_areas_chart(probed(n, spaces))
    assert_tidy(figure)
    assert len(figure.axes) == len(spaces) and "Label 0" in words_of(figure.axes[0])


def test_a_label_that_one_run_did_not_judge_leaves_a_gap():
    table = probed(4, ("one", "other"))
    table = table[(table["space"] == "one") | (table["label"] != "Label 0")].rename(
        columns={"space": "run"}
    )
    one, other = label_areas_chart(table, by="run").axes
    assert len([word for word in words_of(one) if word.startswith("0.")]) > len(
        [word for word in words_of(other) if word.startswith("0.")]
    )


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.4, "No genre can be told"),
        (0.01, "Genre: 5 of 5 can be told beyond chance: Label 0 best (0.90), Label 4 least"),
    ],
)
def test_the_headline_says_what_can_be_told(p, words):
    assert label_areas_chart(probed(p_adjusted=p)).get_label().startswith(words)


def test_names_are_never_more_than_text():
    table = probed(3)
    table["label"] = table["label"].replace("Label 1", HOSTILE)
    assert_tidy(label_areas_chart(table))


def test_tables_that_cannot_be_drawn_are_refused():
    for table in (
        probed(judged=False),
        probed().drop(columns="low"),
        pd.concat([probed(), probed()]),
        probed(2, tuple("abcdef")),
    ):
        with pytest.raises(InputError):
            label_areas_chart(table)


def confusion(names):
    pairs = [(a, b) for a in names for b in names if a != b]
    return pd.DataFrame(pairs, columns=["label", "other"]).assign(
        share=np.linspace(0, 1, len(pairs)), n_posters=50
    )


@pytest.mark.parametrize("n", [2, 8, 24])
def test_a_confusion_of_any_size_has_a_number_in_every_square(n):
    figure = label_confusion_chart(confusion([f"L{one}" for one in range(n)]))
    assert "100" in words_of(figure.axes[0]) and f"L{n - 1}" in words_of(figure.axes[0])


def test_a_confusion_without_a_share_or_with_a_pair_twice_is_refused():
    for table in (confusion("ab").assign(share=np.nan), pd.concat([confusion("ab")] * 2)):
        with pytest.raises(InputError):
            label_confusion_chart(table)
