"""Neighbours of all posters and of one film, against the original way and against FAISS where it is installed.

python benchmarks/neighbours_speed.py [--sizes 5000 20000] [--rounds 3]

The original way is a sparse product, the full matrix, and pandas' nlargest for every film. It is measured on some hundred of the
rows and scaled to all of them, and its memory is measured on a part and scaled with the square; the page says so.
"""

import argparse
import importlib.util
import json
import re
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from clustering_growth import N_FEATURES, drawn_blocks
from common import keep, run_worker, spread, table

N_NEIGHBORS = 6
ASKED = 200  # rows that the original way is measured on
PART = 2500  # posters whose full matrix is made to measure its memory
QUERIES = 60


def _memory(what: str) -> float:
    """What Linux says of this process's memory, in MB: VmRSS is that of now, VmHWM the most there was."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024


def from_here() -> float:
    """The memory of now, in MB; the peak is measured from here on."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def peak() -> float:
    """The most memory that this process has had since `from_here`, in MB."""
    return _memory("VmHWM")


def write(task: dict) -> dict:
    """Save drawn features as an extraction does."""
    from poster_analysis.extraction.features import save_blocks

    n_rows = task["n_rows"]
    index = pd.DataFrame(
        {
            "imdb_id": [f"{row + 1}" for row in range(n_rows)],
            "title": [f"Film of many words, number {row}" for row in range(n_rows)],
        }
    )
    save_blocks(lambda: drawn_blocks(n_rows), index, N_FEATURES, task["folder"])
    return {}


def load(task: dict):
    """The features of the task."""
    from poster_analysis.extraction.features import load_features

    return load_features(task["folder"])


def original(task: dict) -> dict:
    """Seconds per row of the sparse product and of the lists."""
    from sklearn.preprocessing import normalize

    X = load(task).X.astype(np.float64)
    unit = normalize(X)
    started = time.perf_counter()
    similarities = (unit[:ASKED] @ unit.T).toarray()
    product = time.perf_counter() - started
    frame = pd.DataFrame(similarities.T)
    for row in range(ASKED):
        frame[row].nlargest(N_NEIGHBORS + 1)
    seconds = time.perf_counter() - started
    return {"product": product / ASKED, "lists": (seconds - product) / ASKED}


def original_memory(task: dict) -> dict:
    """Peak of the full matrix of a part of the posters, above the features."""
    from sklearn.metrics.pairwise import cosine_similarity

    X = load(task).X[:PART].astype(np.float64)
    before = from_here()
    cosine_similarity(X)
    return {"above": peak() - before}


def ours(task: dict) -> dict:
    """All neighbours; the features are in memory."""
    from poster_analysis.similarity.neighbours import neighbours

    features = load(task)
    before, started = from_here(), time.perf_counter()
    neighbours(features, n_neighbors=N_NEIGHBORS)
    return {"seconds": time.perf_counter() - started, "above": peak() - before}


def queries(task: dict) -> dict:
    """One film after the other, by title, inverted or not; and what other ways of one product take."""
    from poster_analysis.similarity.neighbours import SimilarityIndex

    features = load(task)
    asked = np.random.default_rng(0).choice(len(features), QUERIES, replace=False)
    found = {}
    for inverted, name in ((True, "inverted"), (False, "as they are")):
        before, started = from_here(), time.perf_counter()
        index = SimilarityIndex(features, inverted=inverted)
        found[f"{name}: ready"] = [time.perf_counter() - started]
        found[f"{name}: memory"] = peak() - before
        some = asked if inverted else asked[:5]
        found[f"{name}: query"] = seconds_of(
            lambda row, index=index: index.similar(features.index["title"][row], by="title"), some
        )
        if inverted:
            found["image: query"] = seconds_of(
                lambda row, index=index: index.similar_to_vector(features.X[[row]]), some
            )
        del index
    X = features.X
    vectors = X[asked[:20]].toarray()
    found["scipy: product"] = seconds_of(lambda row: X @ vectors[row], range(20))
    if importlib.util.find_spec("faiss"):
        import faiss

        before, started = from_here(), time.perf_counter()
        flat = faiss.IndexFlatIP(X.shape[1])
        for start in range(0, X.shape[0], 1000):
            block = X[start : start + 1000].toarray()
            faiss.normalize_L2(block)
            flat.add(block)
        found["faiss: ready"] = [time.perf_counter() - started]
        found["faiss: memory"] = peak() - before
        found["faiss: query"] = seconds_of(
            lambda row: flat.search(vectors[row : row + 1], N_NEIGHBORS + 1), range(20)
        )
    return found


def seconds_of(ask, rows) -> list[float]:
    """Seconds of each question, after one that warms up."""
    ask(rows[0])
    seconds = []
    for row in rows:
        started = time.perf_counter()
        ask(row)
        seconds.append(time.perf_counter() - started)
    return seconds


TASKS = {one.__name__: one for one in (write, original, original_memory, ours, queries)}


def milliseconds(values: list[float]) -> str:
    """Median, and in brackets the 95th percentile, in milliseconds."""
    return f"{1000 * np.median(values):,.1f} ({1000 * np.percentile(values, 95):,.1f})"


def main() -> None:
    """Measure all sizes and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[5000, 20000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--task", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        task = json.loads(arguments.task)
        print(json.dumps(TASKS[task["name"]](task)))
        return
    rows, asked = [], []
    for n_rows in arguments.sizes:
        with tempfile.TemporaryDirectory() as folder:
            task = {"n_rows": n_rows, "folder": folder}

            def run(name: str, task: dict = task) -> dict:
                return run_worker(__file__, task | {"name": name})

            run("write")
            part = run("original_memory")["above"]
            slow, fast = [], []
            for _ in range(arguments.rounds):
                one = run("original")
                slow.append((one["product"] + one["lists"]) * n_rows)
                fast.append(run("ours"))
            memory = part * (n_rows / min(PART, n_rows)) ** 2
            ours_memory = [one["above"] for one in fast]
            rows.append(
                [
                    f"{n_rows:,}", spread(slow, 0), spread([one["seconds"] for one in fast]),
                    spread([a / b["seconds"] for a, b in zip(slow, fast, strict=True)]), f"{memory:,.0f}",
                    spread(ours_memory, 0), f"{memory / np.median(ours_memory):.0f}",
                ]
            )  # fmt: skip
            found = run("queries")
            for name, way in (
                ("inverted", "this package, inverted"),
                ("image", "this package, inverted, a picture from outside"),
                ("as they are", "this package, not inverted"),
                ("scipy", "scipy's product alone, no list"),
                ("faiss", "FAISS, flat index of dense rows, no titles"),
            ):
                times = found.get(f"{name}: query") or found.get(f"{name}: product")
                if times:
                    ready = found.get(f"{name}: ready")
                    extra = found.get(f"{name}: memory")
                    asked.append(
                        [f"{n_rows:,}", way, milliseconds(times), f"{ready[0]:.1f}" if ready else "", f"{extra:,.0f}" if extra else ""]
                    )  # fmt: skip
    keep(
        "neighbours_speed",
        f"The {N_NEIGHBORS} nearest neighbours",
        f"Drawn features of {N_FEATURES:,} columns, a fifth of the values not zero. The original way (sparse product in double precision, full "
        f"matrix, pandas' nlargest for every film) was measured on {ASKED} rows and scaled to all; its memory on the full matrix of "
        f"{PART:,} posters and scaled with the square. Memory is what a process has at its peak above the features it has loaded. "
        f"Median (minimum to maximum) of {arguments.rounds} rounds.",
        table(
            ["posters", "original way, s", "this package, s", "times faster", "original way, MB", "this package, MB", "times less memory"],
            rows,
        ),
        "## One film at a time",
        f"Milliseconds of one question: median (95th percentile) of {QUERIES} films asked for by title, or of 20 products. *Ready* is what it takes "
        "beforehand, once, in seconds and MB.",
        table(["posters", "way", "ms", "ready, s", "ready, MB"], asked),
        command="python benchmarks/neighbours_speed.py --sizes " + " ".join(map(str, arguments.sizes)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
