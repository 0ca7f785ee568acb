"""Outliers: distances and factors by hand, copies that hide nothing, and what is seen in a picture."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from PIL import Image
from sklearn.neighbors import LocalOutlierFactor

from poster_analysis.extraction.features import Features
from poster_analysis.similarity.outliers import outliers, what_is_seen


def features(X):
    index = pd.DataFrame({"imdb_id": [f"id{n}" for n in range(len(X))], "title": "A film"})
    return Features(sp.csr_array(np.asarray(X, np.float32)), index)


def test_without_copies_the_numbers_are_those_of_scikit_learn_on_rows_of_length_one():
    X = np.random.default_rng(0).gamma(1, size=(80, 30))
    unit = X / np.linalg.norm(X, axis=1)[:, None]
    found = outliers(features(X)).set_index("imdb_id").loc[[f"id{n}" for n in range(80)]]
    plain = LocalOutlierFactor(n_neighbors=20).fit(unit)
    np.testing.assert_allclose(
        found["local_outlier_factor"], -plain.negative_outlier_factor_, atol=2e-3
    )
    near, _ = plain.kneighbors()
    np.testing.assert_allclose(found["mean_distance"], near.mean(axis=1), atol=1e-3)


@pytest.mark.parametrize("exact", [True, False])
def test_a_copy_hides_no_outlier(exact):
    X = np.random.default_rng(1).gamma(1, size=(60, 30))
    X[59] = 0
    X[59, 0] = 5
    more = X[59] + (0 if exact else 0.05 * (np.arange(30) == 1))
    groups = pd.DataFrame({"imdb_id": ["id59", "id60"], "group": 0})
    found = outliers(features([*X, more]), copies=None if exact else groups)
    assert set(found["imdb_id"].head(2)) == {"id59", "id60"}
    assert found["nearest_id"].head(2).isin(["id59", "id60"]).sum() == 0


def test_pictures_that_are_all_the_same_have_no_outlier():
    assert outliers(features(np.ones((5, 4)))).empty
    assert outliers(features(np.ones((1, 4)))).empty


def test_what_is_seen_is_said_only_where_it_is():
    rng = np.random.default_rng(2)
    usual = Image.fromarray(rng.integers(0, 255, (30, 20, 3), dtype=np.uint8)).resize((200, 300), 0)
    assert what_is_seen(usual) == ""
    assert "without colour" in what_is_seen(usual.convert("L"))
    assert what_is_seen(usual.resize((300, 200))) == "wider than a poster"
    assert what_is_seen(usual.resize((60, 300))) == "narrower than a poster"
    assert "all but blank" in what_is_seen(Image.new("RGB", (200, 300), "red"))
