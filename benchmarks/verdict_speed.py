"""How long a verdict takes, beside one that is put together from scikit-learn.

python benchmarks/verdict_speed.py [--posters 5000] [--features 25088] [--draws 99] [--rounds 3] [--given FILE.npy]

Made features, rectified so that a third of them is not zero, or those of FILE (npy, or npz of a sparse matrix). The same steps are taken by
scikit-learn (PCA, NMF, KMeans and silhouette_score, with as many starts, steps and threads) for one Gaussian draw and one copula draw, and
counted once for each draw.
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
from sklearn.preprocessing import normalize

from poster_analysis.clustering.chance import NMF_ITERATIONS, evidence
from poster_analysis.clustering.judged import judged
from poster_analysis.clustering.null_models import GaussianCopula
from poster_analysis.clustering.verdict import verdict
from poster_analysis.extraction.matrix import load_matrix

SPACES = {"raw": None, "pca": 50, "nmf": 50}
NUMBERS, STARTS = range(2, 26), 2


def made(n_posters: int, n_features: int) -> sp.csr_array:
    """Features with sixty directions of falling variance, rectified."""
    rng = np.random.default_rng(0)
    shape = (60, n_features)
    axes = rng.normal(size=shape) / np.sqrt(np.arange(1, 61))[:, None]
    blocks = []
    for start in range(0, n_posters, 500):
        n_rows = min(500, n_posters - start)
        values = rng.normal(size=(n_rows, 60)) @ axes + rng.normal(size=(n_rows, n_features))
        blocks.append(sp.csr_array(np.maximum(values - 1, 0).astype(np.float32)))
    return sp.csr_array(sp.vstack(blocks))


def features(task: dict):
    """What is judged."""
    if task["given"]:
        return load_matrix(task["given"])
    return made(task["posters"], task["features"])


def ours(task: dict) -> dict:
    """Seconds of the whole verdict, wall clock and processors, and what it says."""
    X = features(task)
    wall, cpu = time.perf_counter(), time.process_time()
    found = evidence(judged(X), SPACES, n_null=task["draws"])
    spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    said = {space: verdict(one).outcome for space, one in found.items()}
    return spent | {"said": said, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}


def scores(Z: np.ndarray) -> list[float]:
    """Silhouettes of every k by scikit-learn."""
    partitions = (KMeans(k, n_init=STARTS, random_state=9).fit_predict(Z) for k in NUMBERS)
    return [silhouette_score(Z, labels) for labels in partitions]


def by_scikit_learn(task: dict) -> dict:
    """Seconds of one draw of each kind, without the time to draw it."""
    posters = judged(features(task))
    drawn = np.ascontiguousarray(GaussianCopula(posters.X).sample(np.random.default_rng(1)))
    started = time.perf_counter()
    reduced = PCA(SPACES["pca"], random_state=9).fit_transform(drawn)
    scores(reduced), scores(drawn)
    gaussian = time.perf_counter() - started
    with warnings.catch_warnings(action="ignore"):
        model = NMF(SPACES["nmf"], init="nndsvda", max_iter=NMF_ITERATIONS, random_state=9)
        scores(normalize(model.fit_transform(drawn)))
    return {"gaussian": gaussian, "copula": time.perf_counter() - started}


def main() -> None:
    """Run all in turns and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posters", type=int, default=5000)
    parser.add_argument("--features", type=int, default=25088)
    parser.add_argument("--draws", type=int, default=99)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--given", default="")
    parser.add_argument("--task", type=json.loads)
    arguments = parser.parse_args()
    if arguments.task:
        way = ours if arguments.task["way"] == "ours" else by_scikit_learn
        print(json.dumps(way(arguments.task)))
        return
    task = {name: getattr(arguments, name) for name in ("posters", "features", "draws", "given")}
    runs = {"ours": [], "scikit-learn": []}
    for _ in range(arguments.rounds):
        for way, known in runs.items():
            known.append(run_worker(__file__, task | {"way": way}))
    own, other = runs["ours"], runs["scikit-learn"]
    theirs = [arguments.draws * (one["gaussian"] + one["copula"]) for one in other]
    ratios = [slow / fast["wall"] for slow, fast in zip(theirs, own, strict=True)]
    keep(
        "verdict_speed",
        "How long a verdict takes",
        f"{arguments.posters:,} posters, {arguments.features:,} features, {len(SPACES)} spaces, k = {NUMBERS[0]} to {NUMBERS[-1]}, "
        f"{arguments.draws} draws of each kind; medians of {arguments.rounds} rounds, and in brackets the least and the most.",
        table(
            ["", "seconds", "CPU seconds", "GB at most"],
            [
                ["this verdict, all of it", spread([one["wall"] for one in own]), spread([one["cpu"] for one in own]),
                 spread([one["peak"] for one in own])],
                ["scikit-learn, the draws alone (one of each kind, counted for each)", spread(theirs), "", ""],
                ["ratio", spread(ratios), "", ""],
            ],
        ),
        f"Said of the spaces: {', '.join(f'{space} {outcome}' for space, outcome in own[0]['said'].items())}.",
        command=f"python benchmarks/verdict_speed.py --posters {arguments.posters} --features {arguments.features} --draws {arguments.draws}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
