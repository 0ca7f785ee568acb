"""Made-up tables of neighbours, for the tests of what judges them."""

import numpy as np
import pandas as pd


def neighbour_table(rows, ids):
    """A table of neighbours from row numbers, the nearest first."""
    rows, ids = np.asarray(rows), np.asarray(ids, dtype=object)
    n, n_neighbors = rows.shape
    return pd.DataFrame(
        {
            "imdb_id": ids.repeat(n_neighbors),
            "rank": np.tile(np.arange(1, n_neighbors + 1), n),
            "neighbour_id": ids[rows.ravel()],
            "similarity": 0.5,
        }
    )


def random_rows(n, n_neighbors, seed=0):
    """Neighbours by lot: every row has others, none twice."""
    rng = np.random.default_rng(seed)
    steps = np.stack([1 + rng.permutation(n - 1)[:n_neighbors] for _ in range(n)])
    return (np.arange(n)[:, None] + steps) % n


def some_ids(n):
    """Ids that are texts."""
    return [f"id {number}" for number in range(n)]
