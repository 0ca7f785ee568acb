"""The map of posters: UMAP given the exact neighbours, UMAP that looks for them, and two principal components.

python benchmarks/maps.py --features FILE.npz [--rounds 3]

FILE.npz is a sparse matrix as `scipy.sparse.load_npz` reads it: of a study, its features.npz. Every way runs in a process of its own,
in turns, since UMAP compiles code in each process that uses it.
"""

import argparse
import json
import resource
import time
import warnings

import numpy as np
import scipy.sparse as sp
from common import keep, run_worker, spread, table

from poster_analysis.distances.neighbours import nearest_neighbours
from poster_analysis.reduction.spaces import pca_space
from poster_analysis.reduction.umap import _umap_class, neighbours_kept, poster_map

LOOKED_AT = (6, 20)


def exact(X) -> np.ndarray:
    """This package's map."""
    return poster_map(X, method="umap").xy


def by_itself(rows, start: np.ndarray, metric: str) -> np.ndarray:
    """UMAP with the same parameters and start, finding its neighbours itself."""
    start = np.asarray(10 * start / np.abs(start).max(), dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = _umap_class()(init=start, metric=metric, random_state=9, n_jobs=1)
        return np.asarray(model.fit_transform(rows), dtype=np.float64)


def features_by_umap(X) -> np.ndarray:
    """UMAP on the features, by cosine."""
    start = pca_space(X, n_components=2, keep_components=False).X
    return by_itself(X, start, "cosine")


def components_by_umap(X) -> np.ndarray:
    """UMAP on fifty principal components."""
    space = pca_space(X, n_components=50, keep_components=False)
    return by_itself(space.X, space.X[:, :2], "euclidean")


def shadow(X) -> np.ndarray:
    """Two principal components."""
    return poster_map(X, method="pca").xy


WAYS = {
    "UMAP, exact neighbours (this package)": exact,
    "UMAP by itself, features": features_by_umap,
    "UMAP by itself, 50 principal components": components_by_umap,
    "two principal components": shadow,
}


def work(task: dict) -> dict:
    """One way, from the features to the places: the first time in a process, and the second."""
    X = sp.load_npz(task["features"]).tocsr()
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        xy = WAYS[task["way"]](X)
        seconds.append(time.perf_counter() - started)
    nearest, _ = nearest_neighbours(X, n_neighbors=max(LOOKED_AT))
    kept = [neighbours_kept(xy, nearest[:, :k]) for k in LOOKED_AT]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"seconds": seconds, "kept": kept, "peak": peak, "shape": X.shape}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--features")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--task", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        print(json.dumps(work(json.loads(given.task))))
        return
    found = {way: [] for way in WAYS}
    for _ in range(given.rounds):
        for way, results in found.items():
            results.append(run_worker(__file__, {"way": way, "features": given.features}))
    ours = found[next(iter(WAYS))]
    rows = []
    for way, results in found.items():
        first, second = zip(*(one["seconds"] for one in results), strict=True)
        ratio = [
            one["seconds"][0] / own["seconds"][0] for one, own in zip(results, ours, strict=True)
        ]
        kept = [f"{share:.1%}" for share in results[0]["kept"]]
        rows.append([way, spread(first), spread(second), spread(ratio, 2), *kept])
    n_posters, n_features = ours[0]["shape"]
    chance = [f"{k / (n_posters - 1):.2%}" for k in LOOKED_AT]
    header = ["way", "seconds, first map", "seconds, second", "first, times ours"]
    header += [f"of {k} nearest kept" for k in LOOKED_AT]
    keep(
        "maps",
        f"Maps of {n_posters:,} posters with {n_features:,} features",
        f"Seconds from the features to the places, median of {given.rounds} rounds (minimum to maximum); the first map of a process "
        f"includes compiling. Kept is the share of the nearest posters, by cosine similarity of the features, that are among the nearest on the map; at "
        f"random {' and '.join(chance)}.",
        table(header, rows),
        command=f"python benchmarks/maps.py --features FILE.npz --rounds {given.rounds}",
    )


if __name__ == "__main__":
    main()
