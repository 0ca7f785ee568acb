"""The factorisation against scikit-learn's: error and time on made and real data.

python benchmarks/nmf.py [--features FILE.npz] [--whole] [--whole-oracle]

FILE.npz is a sparse matrix as `scipy.sparse.load_npz` reads it: of a study, its features.npz. A part of
it is always compared; with --whole all of it is factorised too, with --whole-oracle (minutes) also by scikit-learn.
"""

import argparse
import json
import resource
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import scipy.sparse as sp
from common import keep, run_worker, table
from PIL import Image
from sklearn.datasets import load_digits, load_sample_image
from sklearn.decomposition import NMF

from poster_analysis.drawing.collection import draw_collection
from poster_analysis.extraction.colour import colour_layout
from poster_analysis.reduction.nmf import factorise

RANKS = (10, 25, 50)
WHOLE_RANKS = (50, 200)
BOUND = 5e-4


def digits(n_rows: int = 1797) -> np.ndarray:
    """scikit-learn's scans of handwritten digits, 8 x 8."""
    return load_digits().data[:n_rows]


def patches() -> np.ndarray:
    """Patches of 12 x 12 pixels from scikit-learn's photograph of a temple."""
    image, rng = load_sample_image("china.jpg").mean(axis=2), np.random.default_rng(0)
    tops, lefts = (rng.integers(0, length - 12, 1500) for length in image.shape)
    corners = zip(tops, lefts, strict=True)
    return np.stack([image[top : top + 12, left : left + 12].ravel() for top, left in corners])


def rectified(random_state: int = 0) -> np.ndarray:
    """Skewed, sparse features of low rank with noise, as networks give them."""
    rng = np.random.default_rng(random_state)
    X = rng.normal(size=(300, 25)) @ rng.normal(size=(25, 500)) / 4 + rng.normal(size=(300, 500))
    return np.maximum(X - 1, 0)


def heavy_tailed(random_state: int = 0, shape: tuple = (250, 300), rank: int = 12) -> np.ndarray:
    """Gamma mixtures with log-normal noise."""
    rng = np.random.default_rng(random_state)
    X = rng.gamma(0.3, size=(shape[0], rank)) @ rng.gamma(0.3, size=(rank, shape[1]))
    return X * rng.lognormal(sigma=0.5, size=shape)


def words(random_state: int = 0, shape: tuple = (200, 400), rank: int = 15) -> np.ndarray:
    """Counts of words in made texts on some topics."""
    rng = np.random.default_rng(random_state)
    topics = rng.dirichlet(np.full(shape[1], 0.05), rank)
    mixtures = rng.dirichlet(np.full(rank, 0.2), shape[0])
    lengths = rng.gamma(2, 60, size=(shape[0], 1))
    return rng.poisson(lengths * (mixtures @ topics)).astype(float)


def colour_features() -> np.ndarray:
    """Colour layouts of drawn posters."""
    with tempfile.TemporaryDirectory() as folder:
        posters = draw_collection(folder).posters
        images = []
        for path in sorted(posters.glob("*")):
            with suppress(OSError), Image.open(path) as image:
                images.append(np.asarray(image.convert("RGB").resize((120, 180))))
    return colour_layout(np.stack(images)).reshape(len(images), -1)


MADE: dict[str, Callable[[], np.ndarray]] = {
    "digits": digits,
    "digits, first 600": lambda: digits(600),
    "patches of a photograph": patches,
    "rectified": rectified,
    "heavy-tailed": heavy_tailed,
    "heavy-tailed, seed 1": lambda: heavy_tailed(1),
    "words": words,
    "words, seed 7": lambda: words(7),
    "heavy-tailed, 1,500 x 2,000": lambda: heavy_tailed(0, (1500, 2000), 30),
    "words, 1,200 x 3,000": lambda: words(0, (1200, 3000), 30),
    "colour of drawn posters": colour_features,
}


def load(name: str, features: str | None):
    """A data set by name; parts of the real features are named "part" and "whole"."""
    if name in MADE:
        return MADE[name]()
    X = sp.load_npz(features).tocsr()
    return X[:1000, :5000].toarray() if name == "part" else X


def measure(task: dict) -> dict:
    """Factorise once, in this process."""
    X = load(task["data"], task["features"])
    started = time.perf_counter()
    if task["method"] == "here":
        _, _, errors = factorise(X, task["n_components"])
        error, n_iter = float(errors[-1]), len(errors)
    else:
        dtype = np.float32 if task["data"] == "whole" else np.float64
        oracle = NMF(task["n_components"], init="nndsvda", max_iter=200, tol=0, random_state=0)
        with warnings.catch_warnings(action="ignore"):
            oracle.fit(X.astype(dtype))
        error, n_iter = float(oracle.reconstruction_err_), oracle.n_iter_
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"error": error, "n_iter": n_iter, "seconds": seconds, "peak": peak}


def compare(name: str, n_components: int, features: str | None) -> tuple[list, float]:
    """A row of the table, and by which share the error here is above scikit-learn's."""
    task = {"data": name, "n_components": n_components, "features": features}
    ours, theirs = (
        run_worker(__file__, task | {"method": method}) for method in ("here", "scikit-learn")
    )
    excess = ours["error"] / theirs["error"] - 1
    label = "1,000 x 5,000 of the real features" if name == "part" else name
    seconds = [f"{one['seconds']:.2f}" for one in (ours, theirs)]
    return [label, n_components, f"{excess:+.2%}", ours["n_iter"], *seconds], excess


def whole(features: str, with_oracle: bool) -> list[str]:
    """All real features: rows for both methods."""
    methods = [("here", rank) for rank in WHOLE_RANKS]
    methods += [("scikit-learn", WHOLE_RANKS[0])] if with_oracle else []
    rows = []
    for method, rank in methods:
        task = {"data": "whole", "n_components": rank, "features": features, "method": method}
        one = run_worker(__file__, task)
        error, peak = f"{one['error']:,.2f}", f"{one['peak']:,.0f}"
        rows.append([method, rank, error, one["n_iter"], f"{one['seconds']:.1f}", peak])
    X = sp.load_npz(features)
    size = f"{X.shape[0]:,} x {X.shape[1]:,}, {X.nnz / np.prod(X.shape, dtype=float):.0%} not zero"
    header = ["method", "components", "error", "iterations", "seconds", "peak memory (MB)"]
    note = "One run each. scikit-learn, where it was run, in single precision here."
    return [f"## All real features ({size})", note, table(header, rows)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--features")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--whole-oracle", action="store_true")
    parser.add_argument("--task", type=json.loads)
    given = parser.parse_args()
    if given.task:
        print(json.dumps(measure(given.task)))
        return
    names = [*MADE, *(["part"] if given.features else [])]
    compared = [compare(name, rank, given.features) for name in names for rank in RANKS]
    above = [f"{row[0]} with {row[1]} components" for row, excess in compared if excess > BOUND]
    said = (
        "Error above that of scikit-learn (coordinate descent, NNDSVDa start, 200 iterations, no tolerance, double "
        f"precision); negative is better. The bound of {BOUND:+.2%} "
        + (f"does not hold for {', '.join(above)}." if above else "holds for all of these.")
    )
    header = ["data", "components", "excess", "iterations here", "seconds", "scikit-learn's"]
    parts = [said, table(header, [row for row, _ in compared])]
    if given.features and given.whole:
        parts += whole(given.features, given.whole_oracle)
    command = "python benchmarks/nmf.py" + " --features FILE.npz" * bool(given.features)
    command += " --whole" * given.whole + " --whole-oracle" * given.whole_oracle
    keep("nmf", "Factorisation against scikit-learn", *parts, command=command)


if __name__ == "__main__":
    main()
