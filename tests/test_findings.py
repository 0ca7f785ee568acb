"""Sentences are chosen by the numbers they report."""

import pandas as pd
import pytest

from poster_analysis import findings


def sweep(space="pca", silhouettes=(0.1, 0.2), first_k=5):
    k = range(first_k, first_k + len(silhouettes))
    return pd.DataFrame(
        {"space": space, "k": k, "silhouette": silhouettes, "silhouette_original": silhouettes}
    )


@pytest.mark.parametrize(
    ("silhouette", "word"),
    [
        (0.71, "strong"),
        (0.70, "reasonable"),
        (0.26, "weak"),
        (0.25, "no substantial"),
        (-1.0, "no substantial"),
    ],
)
def test_the_word_for_a_silhouette_changes_at_the_published_bounds(silhouette, word):
    assert findings.silhouette_reading(silhouette) == word


def test_a_sweep_over_one_k_claims_no_range():
    (first, second) = findings.sweep_findings(sweep(silhouettes=(0.3,)))
    assert "lies between" not in first and "k = 5" in first
    assert second.endswith("reach 0.300.")


def test_the_best_space_is_named_first_whatever_the_order():
    tables = [sweep("raw", (0.01, 0.02)), sweep("nmf", (0.5, 0.4)), sweep("pca", (0.1, 0.2))]
    for order in (tables, tables[::-1]):
        sentence = findings.comparison_findings(order)[0]
        assert sentence.index("NMF") < sentence.index("PCA") < sentence.index("raw")


@pytest.mark.parametrize(
    ("silhouettes", "said"), [((0.1, 0.3, 0.2), "do not help"), ((0.1, 0.2, 0.3), "do help")]
)
def test_whether_more_components_help_follows_from_the_last(silhouettes, said):
    table = pd.DataFrame({"space": "pca", "n_components": [10, 50, 200], "silhouette": silhouettes})
    (sentence,) = findings.components_findings(table.sample(frac=1, random_state=0))
    assert said in sentence


def test_no_poster_outside_its_cluster_is_not_mentioned():
    table = pd.DataFrame({"cluster": [0, 1], "silhouette": [0.1, 0.2]})
    assert len(findings.cluster_findings(table)) == 1


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0, "0 %"), (1e-9, "less than 1 %"), (0.9999, "more than 99 %"), (1, "100 %")],
)
def test_a_percentage_never_rounds_to_all_or_nothing(fraction, text):
    assert findings.percent(fraction) == text
