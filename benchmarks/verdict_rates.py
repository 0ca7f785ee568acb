"""How often the verdict is wrong where nothing is, and right where something is.

python benchmarks/verdict_rates.py [--seeds 20]

Shapeless features of four kinds and features with planted clusters (tests/shapeless.py), judged in every space they allow.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd
from common import keep, table
from threadpoolctl import threadpool_limits

from poster_analysis.clustering.null_models import null_models
from poster_analysis.clustering.verdict import verdict, verdict_table
from poster_analysis.distances.measure import row_distances
from poster_analysis.reduction.spaces import nmf_space, pca_space, raw_space

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from shapeless import PLANTED, SHAPELESS, make

SETTINGS = {"k_min": 2, "k_max": 7, "n_init": 2, "n_splits": 5}


def judge(case: tuple[str, int]) -> pd.DataFrame:
    """Verdicts of one collection in all spaces it allows."""
    kind, seed = case
    X = make(kind, seed)
    with threadpool_limits(1):
        distances = row_distances(X)
        spaces = [raw_space(X), pca_space(X, n_components=8, distances=distances)]
        if X.min() >= 0:
            spaces.append(nmf_space(X, n_components=8))
        found = null_models(spaces, distances, random_state=seed, **SETTINGS)
    tables = [verdict_table(verdict(one)) for one in found.values()]
    return pd.concat(tables).assign(kind=kind, seed=seed)


def rates(found: pd.DataFrame) -> list[list]:
    """One row per kind and space."""
    rows = []
    for (kind, space), group in found.groupby(["kind", "space"], sort=False):
        n = len(group)
        separate = (group["p_silhouette"] <= 0.05).sum()
        stable = (group["p_stable"] <= 0.05).sum()
        supported = group["k_supported"].notna().sum()
        right = (group["k_supported"] == PLANTED[kind][1]).sum() if kind in PLANTED else ""
        rows.append([kind, space, n, separate, stable, supported, right])
    return rows


def main() -> None:
    """Judge all collections and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    arguments = parser.parse_args()
    cases = [(kind, seed) for kind in (*SHAPELESS, *PLANTED) for seed in range(arguments.seeds)]
    with ProcessPoolExecutor(2) as pool:
        found = pd.concat(pool.map(judge, cases), ignore_index=True)
    header = [
        "features",
        "space",
        "collections",
        "more separate",
        "more stable",
        "a k supported",
        "the planted k",
    ]
    n_posters = int(found["n_posters"].iloc[0])
    keep(
        "verdict_rates",
        "How often the verdict is wrong, and how often it finds what is there",
        f"{n_posters} posters, k = {SETTINGS['k_min']} to {SETTINGS['k_max']}, 19 null models of each kind, 8 components. "
        "*More separate*: the silhouette exceeds all kinds of null models (p at most 0.05, the maximum over k built in). *More stable*: "
        "so does the agreement of halves, at some k. *Supported*: both, at the same k.",
        "Of the first four kinds of features none has any structure, so every k that is supported there is a false positive. In the last "
        "two clusters were planted.",
        table(header, rates(found)),
        command=f"python benchmarks/verdict_rates.py --seeds {arguments.seeds}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
