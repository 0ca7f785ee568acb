"""The sweeps over k against the original way: plain scikit-learn, dense, in double precision.

python benchmarks/clustering_speed.py --features FILE.npz [--first-channels 512 768] [--numbers 5 15 25] [--rounds 3]

FILE.npz is the features.npz of a study. With `--first-channels A B` only the first A of every B columns are used. The original
way takes long; with `--numbers` it is measured at these k and scaled to all of them, and the page says so.
"""

import argparse
import json
import resource
import time
import warnings

import numpy as np
import scipy.sparse as sp
from common import keep, run_worker, spread, table
from sklearn.cluster import KMeans
from sklearn.decomposition import NMF, PCA
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import Normalizer

NUMBERS = list(range(5, 26))
COMPONENTS = 50


def load(task: dict) -> sp.csr_array:
    """The features, or the first channels of them."""
    X = sp.csr_array(sp.load_npz(task["features"]))
    if task["first"]:
        kept, of = task["first"]
        X = sp.csr_array(X[:, np.flatnonzero(np.arange(X.shape[1]) % of < kept)])
    return X


class Clock:
    """Seconds since the last time it was asked, by name."""

    def __init__(self) -> None:
        self.seconds, self._since = {}, time.perf_counter()

    def __call__(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0) + now - self._since
        self._since = now


def original(task: dict, clock: Clock) -> None:
    """k-means, both silhouettes and, for PCA, the reduction again for every k."""
    X = load(task).toarray().astype(np.float64)
    clock("load")
    space, numbers = task["space"], task["numbers"]
    unit = Normalizer().fit_transform(X)
    if space == "nmf":
        with warnings.catch_warnings(action="ignore"):
            Z = NMF(COMPONENTS, init="nndsvda", max_iter=200, random_state=9).fit_transform(X)
        unit = Normalizer().fit_transform(Z)
    clock("fit once")
    for k in numbers:
        if space == "pca":
            Z = PCA(COMPONENTS, random_state=9).fit_transform(unit)
        rows = Z if space == "pca" else unit
        clock("fit for every k")
        labels = KMeans(k, n_init="auto", random_state=9).fit_predict(rows)
        clock("k-means")
        silhouette_score(rows, labels)
        clock("silhouette")
        silhouette_score(X, labels)
        clock("silhouette_original")


def ours(task: dict, clock: Clock) -> None:
    """The same table from this package; the distances are measured in the same process."""
    from poster_analysis.clustering.sweep import sweep
    from poster_analysis.distances.measure import row_distances
    from poster_analysis.reduction.spaces import nmf_space, pca_space, raw_space

    X = load(task)
    clock("load")
    distances = row_distances(X)
    clock("distances")
    space = {
        "raw": lambda: raw_space(X),
        "pca": lambda: pca_space(X, n_components=COMPONENTS, distances=distances),
        "nmf": lambda: nmf_space(X, n_components=COMPONENTS),
    }[task["space"]]()
    clock("fit once")
    for n_init in task["n_init"]:
        sweep(space, distances, n_init=n_init, n_splits=0)
        clock(f"sweep, n_init = {n_init}")


def chance(task: dict, clock: Clock) -> None:
    """Stability, and one draw of each kind with everything that is done to it."""
    from poster_analysis.clustering.k_means import geometry
    from poster_analysis.clustering.null_models import _draws, _scores
    from poster_analysis.clustering.stability import half_agreement
    from poster_analysis.distances.measure import row_distances
    from poster_analysis.reduction.spaces import nmf_space, pca_space, raw_space

    X = load(task)
    distances = row_distances(X)
    spaces = [
        raw_space(X),
        pca_space(X, n_components=COMPONENTS, distances=distances),
        nmf_space(X, n_components=COMPONENTS),
    ]
    clock("before")
    for space in spaces:
        half_agreement(geometry(space, distances), NUMBERS)
        clock(f"stability over 5 halvings, {space.name}")
    for kind, _, draw in _draws(spaces, distances, 1, 9):
        if draw is None:
            continue
        clock(f"{kind}: one draw and its distances")
        for space in spaces:
            if space.name == "nmf" and kind == "gaussian":
                continue
            reduced = draw.space(space)
            clock(f"{kind}: reduction, {space.name}")
            _scores(reduced, draw.distances, NUMBERS, n_init=3, n_splits=5, random_state=9)
            clock(f"{kind}: k-means, silhouettes, stability, {space.name}")


def measure(task: dict) -> dict:
    """Run one task in this process."""
    clock = Clock()
    {"original": original, "ours": ours, "chance": chance}[task["way"]](task, clock)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": clock.seconds, "peak": peak}


def scaled(seconds: dict, numbers: list[int]) -> dict:
    """What is done for every k, for all k."""
    factor = len(NUMBERS) / len(numbers)
    once = ("load", "fit once")
    return {name: value * (1 if name in once else factor) for name, value in seconds.items()}


def main() -> None:
    """Measure all spaces both ways, in turn, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features")
    parser.add_argument("--first-channels", type=int, nargs=2)
    parser.add_argument("--numbers", type=int, nargs="+", default=NUMBERS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--task")
    arguments = parser.parse_args()
    if arguments.task:
        print(json.dumps(measure(json.loads(arguments.task))))
        return
    base = {"features": arguments.features, "first": arguments.first_channels}
    shape = load(base).shape
    rows, details = [], []
    for space in ("raw", "pca", "nmf"):
        task = base | {"space": space}
        slow = run_worker(__file__, task | {"way": "original", "numbers": arguments.numbers})
        seconds = scaled(slow["seconds"], arguments.numbers)
        theirs = sum(value for name, value in seconds.items() if name != "load")
        own = theirs - seconds["silhouette_original"]
        details += [[space, "original", name, f"{value:,.1f}"] for name, value in seconds.items()]
        found = [
            run_worker(__file__, task | {"way": "ours", "n_init": [1, 10]})
            for _ in range(arguments.rounds)
        ]
        for name in found[0]["seconds"]:
            details.append(
                [space, "this package", name, spread([one["seconds"][name] for one in found])]
            )
        for n_init in (1, 10):
            names = ("distances", "fit once", f"sweep, n_init = {n_init}")
            totals = [sum(one["seconds"][name] for name in names) for one in found]
            rows.append(
                [
                    space, n_init, f"{theirs:,.0f}", spread(totals), spread([theirs / one for one in totals]),
                    f"{own / np.median(totals):.1f}", f"{slow['peak']:,.0f}", spread([one["peak"] for one in found], 0),
                ]
            )  # fmt: skip
    judged = run_worker(__file__, base | {"way": "chance"})
    more = [
        [name, f"{value:,.1f}"] for name, value in judged["seconds"].items() if name != "before"
    ]
    note = (
        ""
        if arguments.numbers == NUMBERS
        else (
            f" The original way was measured at k = {', '.join(map(str, arguments.numbers))} and scaled to all {len(NUMBERS)}."
        )
    )
    keep(
        "clustering_speed",
        f"Sweeps over k = {NUMBERS[0]} to {NUMBERS[-1]} of {shape[0]:,} x {shape[1]:,} features",
        "Each way makes the same table: inertia, silhouette in the space and on the original features, for every k. Seconds without "
        "loading; those of this package with the distances measured anew. Median (minimum to maximum) of "
        f"{arguments.rounds} rounds, the original way once.{note} The last ratio leaves the silhouettes on the original features out of "
        "the original way's account, though not out of ours.",
        table(
            ["space", "starts", "original way, s", "this package, s", "times faster", "… without silhouette_original", "peak MB, original", "peak MB"],
            rows,
        ),
        "## Step by step, seconds",
        table(["space", "way", "step", "seconds"], details),
        "## Stability and chance, seconds",
        f"Peak memory {judged['peak']:,.0f} MB. A study draws 19 null models of each kind; each draw serves all spaces.",
        table(["step", "seconds"], more),
        command=f"python benchmarks/clustering_speed.py --features FILE.npz --first-channels {' '.join(map(str, arguments.first_channels or []))} --numbers {' '.join(map(str, arguments.numbers))}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
