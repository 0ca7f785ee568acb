"""How time and memory grow with the collection: distances and neighbours, sweeps over k, principal components.

python benchmarks/clustering_growth.py [--sizes 1000 2000 4000 8000 16000]
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
import scipy.sparse as sp
from common import keep, run_worker, table
from scipy.stats import norm

N_FEATURES, DENSITY, N_DIRECTIONS = 25_088, 0.2, 64
BLOCK = 500
TARGET = 40_000
STEPS = ("distances and neighbours", "raw sweep", "PCA 50", "PCA sweep")


def drawn_blocks(n_rows: int, seed: int = 9) -> Iterator[sp.csr_array]:
    """Rows of rectified mixtures of random directions plus noise, as full-rank as those of a network."""
    directions = np.random.default_rng(seed).normal(size=(N_DIRECTIONS, N_FEATURES))
    directions = (directions / np.sqrt(N_DIRECTIONS)).astype(np.float32)
    threshold = np.float32(np.sqrt(2) * norm.ppf(1 - DENSITY))
    for start in range(0, n_rows, BLOCK):
        rng = np.random.default_rng([seed, start])
        n = min(BLOCK, n_rows - start)
        rows = rng.standard_normal((n, N_DIRECTIONS), dtype=np.float32) @ directions
        rows += rng.standard_normal(rows.shape, dtype=np.float32)
        rows -= threshold
        yield sp.csr_array(np.maximum(rows, 0, out=rows))


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write(n_rows: int, folder: str) -> dict:
    """Save the drawn features as an extraction does."""
    from poster_analysis.extraction.features import save_blocks

    index = pd.DataFrame({"imdb_id": [f"{row:07}" for row in range(n_rows)]})
    save_blocks(lambda: drawn_blocks(n_rows), index, N_FEATURES, folder)
    return {}


def in_memory(n_rows: int, folder: str) -> dict:
    """Every step with the features in memory: seconds, and the peak of memory so far."""
    from poster_analysis.clustering.sweep import sweep
    from poster_analysis.distances.measure import measure
    from poster_analysis.extraction.features import load_features
    from poster_analysis.reduction.spaces import pca_space, raw_space

    X = load_features(folder).X
    found = {"features": (X.data.nbytes + X.indices.nbytes) / 2**20, "loaded": peak()}
    values: dict = {}
    steps = (
        lambda: values.update(distances=measure(X, n_neighbors=6, threshold=0.01).distances),
        lambda: sweep(raw_space(X), values["distances"], n_init=10),
        lambda: values.update(pca=pca_space(X, n_components=50, distances=values["distances"])),
        lambda: sweep(values["pca"], values["distances"], n_init=10),
    )
    for name, step in zip(STEPS, steps, strict=True):
        started = time.perf_counter()
        step()
        found[name] = {"seconds": time.perf_counter() - started, "peak": peak()}
    found["kept"] = values["distances"].squared_normalised is not None
    return found


def not_kept(n_rows: int, folder: str) -> dict:
    """Two passes over the features with no distances kept: neighbours, then the silhouettes of 21 clusterings."""
    from poster_analysis.distances.measure import measure
    from poster_analysis.distances.silhouettes import silhouettes_of_both
    from poster_analysis.extraction.features import load_features

    labels = np.random.default_rng(0).integers(0, 15, (n_rows, 21))
    X = load_features(folder).X
    started = time.perf_counter()
    distances = measure(X, n_neighbors=6, threshold=0.01, memory_budget=0).distances
    first = time.perf_counter() - started
    silhouettes_of_both(distances, normalised=labels, original=labels)
    return {"first": first, "second": time.perf_counter() - started - first, "peak": peak()}


def by_rows(n_rows: int, folder: str) -> dict:
    """One start of k-means, k = 15, on the features themselves, as it runs where distances are not kept."""
    from sklearn.preprocessing import normalize

    from poster_analysis.clustering.k_means import k_means_of_rows
    from poster_analysis.extraction.features import load_features

    X = normalize(load_features(folder).X).astype(np.float64)
    started = time.perf_counter()
    k_means_of_rows(X, 15, n_init=1)
    return {"seconds": time.perf_counter() - started}


TASKS = {"write": write, "in_memory": in_memory, "not_kept": not_kept, "by_rows": by_rows}


def power(sizes: list[int], values: list[float]) -> float:
    """The power of the number of posters with which a value grows over the last two sizes."""
    if len(sizes) < 2:
        return float("nan")
    return float(np.log(values[-1] / values[-2]) / np.log(sizes[-1] / sizes[-2]))


def statement(sizes: list[int], found: dict) -> str:
    """What is to be expected of a collection of `TARGET` posters, from what was measured."""
    from poster_analysis.distances.measure import MEMORY_BUDGET

    memory, passed = found["in_memory"], found["not_kept"]
    gigabytes = 4 * TARGET**2 / 1e9
    fits = 4 * TARGET**2 <= MEMORY_BUDGET
    passes = [[one[name] for one in passed] for name in ("first", "second")]
    minutes = [values[-1] * (TARGET / sizes[-1]) ** 2 / 60 for values in passes]
    powers = [power(sizes, values) for values in passes]
    features = memory[-1]["features"] / sizes[-1] * TARGET / 1024
    rows = found["by_rows"]["seconds"] / sizes[0] * TARGET * 21 * 10
    most = int(np.sqrt(MEMORY_BUDGET / 4))
    return (
        f"**{TARGET:,} posters, by extrapolation.** The distances of all pairs would take {gigabytes:.1f} GB; the budget is "
        f"{MEMORY_BUDGET / 1e9:.0f} GB, so they are {'kept' if fits else f'not kept (they are up to {most:,} posters)'}. "
        "Without them a study takes two passes over the features, whose products grow with the square of the number of posters "
        f"(measured over the last two sizes: powers {powers[0]:.2f} and {powers[1]:.2f}): {minutes[0]:,.0f} minutes for neighbours and "
        f"near-duplicates, {minutes[1]:,.0f} minutes for the silhouettes of 21 clusterings in both distances. Their memory "
        f"was {passed[-1]['peak']:,.0f} MB at {sizes[-1]:,} posters ({passed[0]['peak']:,.0f} MB at {sizes[0]:,}), the features included, which "
        f"would take {features:.1f} GB. k-means then runs on the features instead of the distances: one start with k = 15 "
        f"took {found['by_rows']['seconds']:.1f} s for {sizes[0]:,} posters, so that 21 k with 10 starts each would take about {rows / 3600:,.1f} hours one after "
        "the other if it grows with the number of posters. PCA 50 is then computed from the features, and its sweep needs no distances of theirs."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 2000, 4000, 8000, 16000])
    parser.add_argument("--task", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        task = json.loads(arguments.task)
        print(json.dumps(TASKS[task["name"]](task["n_rows"], task["folder"])))
        return
    sizes, found = sorted(arguments.sizes), {"in_memory": [], "not_kept": []}
    for n_rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            run_worker(__file__, {"name": "write", "n_rows": n_rows, "folder": folder})
            for name in ("in_memory", "not_kept"):
                task = {"name": name, "n_rows": n_rows, "folder": folder}
                found[name].append(run_worker(__file__, task))
            if n_rows == sizes[0]:
                task = {"name": "by_rows", "n_rows": n_rows, "folder": folder}
                found["by_rows"] = run_worker(__file__, task)
        print(f"{n_rows:,} posters measured", file=sys.stderr)
    keep(
        "clustering_growth",
        "Growth of clustering with the collection",
        f"Drawn features: {N_FEATURES:,} columns, {DENSITY:.0%} of the values not zero, rectified mixtures of {N_DIRECTIONS} random directions plus "
        "as much noise. Sweeps are k = 5 to 25 with 10 starts. Each size has processes of its own. In brackets is the peak of memory up to "
        "the end of the step, the features included.",
        table(
            ["posters", "features (MB)", "distances kept", *(f"{name}, s (MB)" for name in STEPS)],
            [
                [
                    f"{n_rows:,}",
                    f"{one['features']:,.0f}",
                    "yes" if one["kept"] else "no",
                    *(f"{one[name]['seconds']:,.1f} ({one[name]['peak']:,.0f})" for name in STEPS),
                ]
                for n_rows, one in zip(sizes, found["in_memory"], strict=True)
            ],
        ),
        "With no distances kept, as if they did not fit:",
        table(
            [
                "posters",
                "neighbours and near-duplicates, s",
                "silhouettes of 21 clusterings, both distances, s",
                "peak (MB)",
            ],
            [
                [
                    f"{n_rows:,}",
                    f"{one['first']:,.1f}",
                    f"{one['second']:,.1f}",
                    f"{one['peak']:,.0f}",
                ]
                for n_rows, one in zip(sizes, found["not_kept"], strict=True)
            ],
        ),
        statement(sizes, found),
        command="python benchmarks/clustering_growth.py --sizes " + " ".join(map(str, sizes)),
    )


if __name__ == "__main__":
    main()
