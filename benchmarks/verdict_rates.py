"""How often the verdict finds groups where there are none, and finds those that are there, beside methods that others use.

python benchmarks/verdict_rates.py [--seeds 50] [--first-seed 50] [--posters 200 800 3000] [--kept FILE] [--finished]

Collections without groups and with planted groups (tests/shapeless.py), each reduced to ten principal components. The limits of the
verdict were chosen on collections of the seeds 0 to 49, so the rates are those of later seeds. What has been computed is added to FILE, line by
line, and not computed again.
"""

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from common import keep, table
from scipy.stats import beta, multivariate_normal
from sklearn.cluster import HDBSCAN
from threadpoolctl import threadpool_limits

from poster_analysis.clustering.all_k import k_means_for_all_k, mean_silhouettes, squared_distances
from poster_analysis.clustering.chance import evidence, space_coordinates
from poster_analysis.clustering.judged import judged
from poster_analysis.clustering.prediction_strength import prediction_strength
from poster_analysis.clustering.verdict import verdict

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from shapeless import PLANTED, SHAPELESS, make

NUMBERS, COMPONENTS = range(2, 11), 10
FIFTH = "20 and 80 %"
CONSENSUS = 200  # posters up to which consensus clustering is tried: it takes longest


def by_verdict(posters, seed: int) -> list[int] | dict:
    """Levels, the share of a group that stands apart, or none. Null models are drawn only where there are groups to hold against them."""
    options = {"k_max": NUMBERS[-1], "random_state": seed}
    first = evidence(posters, {"pca": COMPONENTS}, n_null=1, **options)["pca"]
    if not (first.by_k["groups"].any() or first.clusters["apart"].any()):
        return []
    one = verdict(evidence(posters, {"pca": COMPONENTS}, n_null=19, **options)["pca"])
    if one.outcome == "apart":
        return {"apart": one.largest_apart / one.n_judged}
    return one.all_levels if one.outcome == "groups" else []


def by_prediction_strength(X, seed: int) -> list[int]:
    """The largest number of clusters with a prediction strength of at least 0.8."""
    found = prediction_strength(X, NUMBERS, random_state=seed)
    enough = found.loc[found["prediction_strength"] >= 0.8, "k"]
    return [int(enough.max())] if len(enough) else []


def by_silhouette(X, seed: int) -> list[int]:
    """The number of clusters with the highest silhouette; there always is one."""
    found = k_means_for_all_k(X, NUMBERS, rng=np.random.default_rng(seed))
    silhouettes = mean_silhouettes(squared_distances(X), found.labels)
    return [NUMBERS[int(silhouettes.argmax())]]


def _log_inertias(X, rng) -> np.ndarray:
    return np.log(k_means_for_all_k(X, [1, *NUMBERS], rng=rng).inertias)


def by_gap(X, seed: int, n_null: int = 20) -> list[int]:
    """Gap statistic in the box of the principal axes, with the rule of one standard error; 1 is no groups."""
    rng = np.random.default_rng(seed)
    draws = [
        _log_inertias(rng.uniform(X.min(axis=0), X.max(axis=0), X.shape), rng)
        for _ in range(n_null)
    ]
    gaps = np.mean(draws, axis=0) - _log_inertias(X, rng)
    errors = np.std(draws, axis=0) * np.sqrt(1 + 1 / n_null)
    enough = np.flatnonzero(gaps[:-1] >= gaps[1:] - errors[1:])
    k = [1, *NUMBERS][int(enough[0]) if len(enough) else len(gaps) - 1]
    return [k] if k > 1 else []


def by_density(X, seed: int) -> list[int]:
    """HDBSCAN with groups of at least five posters and one in forty."""
    labels = HDBSCAN(min_cluster_size=max(5, len(X) // 40), copy=True).fit_predict(X)
    k = int(labels.max()) + 1
    return [k] if k > 1 else []


def _ambiguous(X, rng, n_samples: int = 12) -> np.ndarray:
    """Share of pairs of posters that some samples put together and others do not, for each number of clusters."""
    together, both = (
        np.zeros((len(NUMBERS), len(X), len(X)), np.float32),
        np.zeros((len(X), len(X))),
    )
    for _ in range(n_samples):
        weights = np.zeros(len(X))
        weights[rng.choice(len(X), int(0.8 * len(X)), replace=False)] = 1
        labels = k_means_for_all_k(X, NUMBERS, n_init=1, weights=weights, rng=rng).labels
        inside = np.outer(weights, weights)
        both += inside
        for place, column in enumerate(labels.T):
            together[place] += inside * (column[:, None] == column)
    pairs = np.triu_indices(len(X), 1)
    shares = (together / np.maximum(both, 1))[:, *pairs][:, both[pairs] > 0]
    return ((shares > 0.1) & (shares < 0.9)).mean(axis=1)


def by_consensus(X, seed: int, n_null: int = 19) -> list[int]:
    """Consensus clustering against Gaussian draws of the same covariance, by the definition of M3C (John et al. 2020)."""
    rng = np.random.default_rng(seed)
    own = _ambiguous(X, rng)
    model = multivariate_normal(X.mean(axis=0), np.cov(X.T), allow_singular=True, seed=rng)
    draws = np.array([_ambiguous(model.rvs(len(X)).astype(np.float32), rng) for _ in range(n_null)])
    p_values = (1 + (draws <= own).sum(axis=0)) / (1 + n_null)
    index = np.log(draws.mean(axis=0) + 1e-4) - np.log(own + 1e-4)
    best = int(index.argmax())
    return [NUMBERS[best]] if p_values[best] <= 0.05 else []


METHODS = {
    "this verdict": by_verdict,
    "prediction strength ≥ 0.8": by_prediction_strength,
    "gap statistic": by_gap,
    "HDBSCAN": by_density,
    "consensus (M3C)": by_consensus,
    "highest silhouette": by_silhouette,
}


def judge(case: tuple[str, int, int]) -> dict:
    """What each method finds in one collection."""
    kind, n_posters, seed = case
    with threadpool_limits(1):
        posters = judged(make(kind, seed, n_posters), random_state=seed)
        products = posters.X @ posters.X.T
        X = space_coordinates(None, products, {"pca": COMPONENTS})["pca"]
        found = {}
        for name, method in METHODS.items():
            if method is by_consensus and n_posters > CONSENSUS:
                continue
            found[name] = method(posters if method is by_verdict else X, seed)
    return {"kind": kind, "n_posters": n_posters, "seed": seed, "found": found}


def interval(n: int, of: int) -> str:
    """A count with the exact interval of 95 % for its share, in per cent."""
    low = beta.ppf(0.025, n, of - n + 1) if n else 0
    high = beta.ppf(0.975, n + 1, of - n) if n < of else 1
    digits = 1 if of > 200 else 0
    return f"{n}/{of} ({100 * low:.{digits}f}–{100 * high:.{digits}f} %)"


def is_wrong(found: list[int] | dict) -> bool:
    """Whether three groups and more, or one that stands apart, are found."""
    return "apart" in found or any(k >= 3 for k in found)


def is_right(found: list[int] | dict, kind: str, by_levels: bool) -> bool:
    """Whether what was planted is found; of methods that name one number, any level will do, and 2 for a group that stands apart."""
    right = PLANTED[kind][1]
    if not by_levels:
        return bool(found) and found[0] in ([2] if right == "apart" else right)
    return "apart" in found if right == "apart" else found == right


def said_apart(rows: list[dict]) -> str:
    """How often the fifth of 20 and 80 % is named as a group that stands apart, where the two are not named as groups."""
    found = [row["found"]["this verdict"] for row in rows if row["kind"] == FIFTH]
    other = [one for one in found if one != PLANTED[FIFTH][1]]
    fifths = sum("apart" in one and 0.1 < one["apart"] < 0.3 for one in other)
    return f"In {fifths} of the {len(other)} collections of {FIFTH} that are not said to be two groups the smaller one is named as a group that stands apart: k-means with two clusters cuts the larger one there."


def rates(rows: list[dict], planted: bool) -> list[list[str]]:
    """A row for each kind and size: how often each method is wrong, or right."""
    table_rows = []
    keys = dict.fromkeys((row["kind"], row["n_posters"]) for row in rows)
    for kind, n_posters in keys:
        of_kind = [r["found"] for r in rows if (r["kind"], r["n_posters"]) == (kind, n_posters)]
        cells = []
        for name in METHODS:
            found = [one[name] for one in of_kind if name in one]
            hits = [
                is_right(one, kind, name == "this verdict") if planted else is_wrong(one)
                for one in found
            ]
            cells.append(interval(sum(hits), len(hits)) if hits else "")
        table_rows.append([kind, f"{n_posters:,}", *cells])
    return table_rows


def _kept(path: Path) -> list[dict]:
    """What a file holds of earlier runs."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _case(row: dict) -> tuple[str, int, int]:
    """Which collection a row is of."""
    return row["kind"], row["n_posters"], row["seed"]


def computed(cases: list, path: Path) -> list[dict]:
    """What is found in all cases; those that are in the file are not computed again."""
    rows = _kept(path)
    known = set(map(_case, rows))
    left = sorted((case for case in cases if case not in known), key=lambda case: case[1:][::-1])
    with ProcessPoolExecutor(int(os.environ.get("PROCESSES", 2))) as pool, path.open("a") as file:
        for row in pool.map(judge, left):
            file.write(json.dumps(row) + "\n")
            file.flush()
            rows.append(row)
    wanted = set(cases)
    rows = [row for row in rows if _case(row) in wanted]
    order = {case: place for place, case in enumerate(cases)}
    return sorted(rows, key=lambda row: order[_case(row)])


def main() -> None:
    """Judge all collections and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first-seed", type=int, default=50)
    parser.add_argument("--posters", type=int, nargs="+", default=[200, 800, 3000])
    parser.add_argument("--kept", type=Path, default=Path("verdict_rates.jsonl"))
    parser.add_argument("--finished", action="store_true", help="of what FILE holds, and no more")
    arguments = parser.parse_args()
    cases = [
        (kind, n_posters, seed)
        for kind in (*SHAPELESS, *PLANTED)
        for n_posters in arguments.posters
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    ]
    if arguments.finished:
        known = set(map(_case, _kept(arguments.kept)))
        cases = [case for case in cases if case in known]
    rows = computed(cases, arguments.kept)
    header = ["features", "posters", *METHODS]
    without = [row for row in rows if row["kind"] in SHAPELESS]
    with_groups = [row for row in rows if row["kind"] in PLANTED]
    all_wrong = [
        interval(sum(is_wrong(r["found"][name]) for r in without if name in r["found"]),
                 sum(name in r["found"] for r in without))
        for name in METHODS
    ]  # fmt: skip
    keep(
        "verdict_rates",
        "How often groups are found that are not there, and those that are",
        f"k = {NUMBERS[0]} to {NUMBERS[-1]}, {COMPONENTS} principal components of unit rows, {'at most ' if arguments.finished else ''}{arguments.seeds} collections of each kind and size (seeds {arguments.first_seed} and up; the limits of the verdict were chosen on earlier ones), "
        "19 null models of each kind. In brackets the exact interval of 95 %. Of more than a thousand posters the verdict and all other methods are given a thousand.",
        "## Without groups: how often three or more are found, or one that stands apart",
        table(header, [*rates(without, planted=False), ["all", "", *all_wrong]]),
        "Two groups do not count here: any long cloud can be cut in two. The highest silhouette always names a number; it is wrong wherever that is three or more.",
        "## With groups: how often the right number is found",
        "Of three groups of three the verdict has to name both levels, 3 and 9; for the other methods, which name one number, either counts. A 5 % group has to be found as one that stands apart; for the others, 2 counts.",
        table(header, rates(with_groups, planted=True)),
        said_apart(with_groups),
        "Sources: prediction strength, Tibshirani and Walther (2005); gap statistic, Tibshirani, Walther and Hastie (2001), 20 draws from the box of the principal axes; HDBSCAN, Campello, Moulavi and Sander (2013), as in scikit-learn, "
        "at least five posters and one in forty a group; consensus clustering, Monti et al. (2003), held against Gaussian draws as in M3C (John et al. 2020), with 12 samples and 19 draws, for 200 posters only, since it takes longer than all others together.",
        command=f"python benchmarks/verdict_rates.py --seeds {arguments.seeds} --first-seed {arguments.first_seed} --posters {' '.join(map(str, arguments.posters))}{' --finished' if arguments.finished else ''}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
