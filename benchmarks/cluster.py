"""What the tasks of a cluster cost on this machine, and what follows for ten million posters.

    python benchmarks/cluster.py --posters POSTERS

measures one task of each kind in seconds of processor time, which others on the machine disturb less than the clock, and writes
``results/cluster.md`` and the table in ``docs/ten-million.md``. ``--table`` writes that table again from the results.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from common import RESULTS, describe_machine
from threadpoolctl import threadpool_limits

PAGE = Path(__file__).resolve().parents[1] / "docs" / "ten-million.md"
UNITS = re.compile(r"<!-- units: (\{.*\}) -->")
DIMENSIONS = 768  # features of a poster that are pooled
N = 10_000_000
CORES = 500
PRICE = 0.04  # of an hour of one core, in whatever currency


def seconds_of(work, n: int = 1) -> float:
    """Seconds of processor time of one call."""
    work()
    began = time.process_time()
    for _ in range(n):
        work()
    return (time.process_time() - began) / n


def features(n: int, d: int) -> np.ndarray:
    """Features without groups, none below 0."""
    return np.random.default_rng(9).gamma(0.5, size=(n, d)).astype(np.float32)


def of_extraction(posters: Path) -> dict:
    """A batch through MobileNet 0.75, pooled: reading, decoding and the network; and what is moved."""
    from poster_analysis.collection.images import resize_image
    from poster_analysis.collection.posters import Posters, read_collection
    from poster_analysis.extraction.backbones import load_backbone
    from poster_analysis.extraction.batches import RowsOfBatch, portable
    from poster_analysis.extraction.extract import _files_by_digest, _load
    from poster_analysis.extraction.store import FeatureStore
    from poster_analysis.tasks.units import packed

    collection = read_collection(posters, limit=64)
    paths = _files_by_digest(Posters(collection.table, collection.posters))
    backbone = load_backbone("mobilenet_0.75", pooling="average", weights="random")
    make = partial(resize_image, size=backbone.input_size, resize=backbone.resize)
    unit = RowsOfBatch(portable(backbone), partial(_load, make=make))
    batch = dict(list(paths.items())[:16])
    found = unit(batch)
    rows = np.tile(found.rows, (256, 1))
    keys = [f"{number:064x}" for number in range(len(rows))]
    with (
        tempfile.TemporaryDirectory() as folder,
        FeatureStore(folder, backbone.specification) as store,
    ):
        seconds = []
        for start in range(0, len(rows), 16):
            began = time.perf_counter()
            store.write(keys[start : start + 16], rows[start : start + 16])
            seconds.append(time.perf_counter() - began)
        size = store.path.stat().st_size / len(rows)
    return {
        "extraction": seconds_of(lambda: unit(batch), 3) / 16,
        "poster_bytes": float(np.mean([path.stat().st_size for (path, *_) in paths.values()])),
        "row_bytes": len(packed(found)) / 16,
        "write": float(np.median(seconds)) / 16,
        "stored_bytes": size,
    }


def of_distances() -> dict:
    """A block of 512 posters against another, for six neighbours; and what is sent back of it."""
    from poster_analysis.distances.blocks import BLOCK
    from poster_analysis.distances.neighbours import NeighbourSearch
    from poster_analysis.distances.pairs import _PairsOfFeatures, distances_on_demand
    from poster_analysis.tasks.units import packed

    distances = distances_on_demand(features(5 * BLOCK, DIMENSIONS))
    search = NeighbourSearch(distances, n_neighbors=6)
    blocks = [np.arange(start, start + BLOCK) for start in range(0, 5 * BLOCK, BLOCK)]
    unit = _PairsOfFeatures(distances.X, distances.norms, blocks, search.inspect)
    panel = range(4)
    found = unit((panel, 4))
    return {
        "block": seconds_of(lambda: unit((panel, 4)), 5) / 4,
        "block_bytes": len(packed(found)) / 4,
    }


def of_clusters() -> dict:
    """One step of k-means, for each poster and cluster; one draw of a null model of 1,000 posters."""
    from sklearn.cluster import KMeans

    from poster_analysis.clustering.chance import _Draws, _silhouettes
    from poster_analysis.clustering.judged import judged

    X = features(50_000, 50).astype(np.float64)
    steps = 20
    model = KMeans(25, n_init=1, init="random", max_iter=steps, tol=0, random_state=9)
    posters = judged(features(1000, DIMENSIONS))
    spaces = {"raw": None, "pca": 50, "nmf": 50}
    draws = _Draws(posters, True, spaces, 9)

    def draw() -> None:
        for one in draws.coordinates("copula", 1).values():
            _silhouettes(one, range(2, 26), 2, 9)

    return {
        "step": seconds_of(lambda: model.fit(X)) / (steps * len(X) * 25),
        "draw": seconds_of(draw),
    }


def of_tasks() -> dict:
    """A task that does nothing: what client and scheduler, which are one process here, have to do for it."""
    from distributed import LocalCluster

    from poster_analysis.tasks.cluster import on_cluster
    from poster_analysis.tasks.units import in_units

    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        on_cluster(cluster),
    ):
        in_units(abs, range(50))
        return {"task": seconds_of(lambda: in_units(abs, range(500))) / 500}


def measured(posters: Path) -> dict:
    """All units."""
    with threadpool_limits(1):
        return of_distances() | of_clusters() | of_extraction(posters) | of_tasks()


@dataclass(frozen=True)
class Kind:
    """What one kind of work comes to: seconds of work and of the command, bytes through the command and held by each worker."""

    name: str
    tasks: float
    work: float
    longest: float  # task
    alone: float
    through: float
    held: float


def projected(unit: dict, n: int = N) -> list[Kind]:
    """The kinds of work that are tasks, for so many posters."""
    pairs, panel = (n / 512) ** 2 / 2, 210e6 // (512 * 4 * DIMENSIONS)
    numbers, starts, steps = range(5, 26), 10, 100
    of_k = n * starts * steps * unit["step"]  # for each cluster
    rows, few_rows, places = 4 * n * DIMENSIONS, 4 * 1000 * DIMENSIONS, 8 * 50 * n
    labels = len(numbers) * n * (starts + 2) * 8
    task = unit["task"]
    writing, batches = n * unit["write"], n / 16
    blocks = pairs * unit["block"], pairs * unit["block_bytes"]
    return [
        Kind("extraction", batches, n * unit["extraction"], 16 * unit["extraction"], writing + batches * task, n * unit["row_bytes"], 0),
        Kind("verdict", 199, 199 * unit["draw"], unit["draw"], 199 * task, few_rows, 3 * few_rows),
        Kind("a sweep of 50 dimensions, k = 5 to 25", len(numbers), sum(numbers) * of_k, numbers[-1] * of_k, len(numbers) * task, places + labels, places),
        Kind("neighbours, exactly", pairs / panel, blocks[0], panel * unit["block"], pairs / panel * task, rows + blocks[1], rows),
    ]  # fmt: skip


def few(value: float) -> str:
    """A number with the digits that a reckoning has."""
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.2g}" if value >= 0.01 or not value else "< 0.01"


def tables(unit: dict) -> str:
    """The units, and what follows from them, as Markdown."""
    lines = [
        f"<!-- units: {json.dumps(unit)} -->",
        "",
        "| measured on one core | |",
        "| --- | --- |",
        f"| a poster through MobileNet 0.75, from its file | {1000 * unit['extraction']:.1f} ms |",
        f"| a poster's file | {unit['poster_bytes'] / 1000:.1f} kB |",
        f"| its row of {DIMENSIONS} features, as it is sent | {unit['row_bytes'] / 1000:.1f} kB |",
        f"| its row, written into the store (median of batches, by the clock) | {1000 * unit['write']:.2f} ms, {unit['stored_bytes'] / 1000:.1f} kB |",
        f"| 512 posters against 512, for neighbours | {1000 * unit['block']:.1f} ms, {unit['block_bytes'] / 1000:.0f} kB sent back |",
        f"| a step of k-means in 50 dimensions, for a poster and a cluster | {1e9 * unit['step']:.1f} ns |",
        f"| a draw of a null model, in three spaces | {unit['draw']:.1f} s |",
        f"| a task that does nothing, for command and scheduler | {1000 * unit['task']:.1f} ms |",
        "",
        f"| {N:,} posters | tasks | hours of one core | of {CORES} cores | of the command | GB through the command | GB held by each worker |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    kinds = projected(unit)
    for one in kinds:
        hours = (one.work, max(one.work / CORES, one.longest), one.alone)
        cells = [
            one.tasks,
            *(seconds / 3600 for seconds in hours),
            one.through / 1e9,
            one.held / 1e9,
        ]
        lines.append(f"| {one.name} | {' | '.join(map(few, cells))} |")
    total = sum(one.work for one in kinds) / 3600
    lines += [
        "",
        f"All of it is {few(total)} hours of one core, {few(total * PRICE)} at a price of {PRICE} an hour. "
        f"The posters themselves are {few(N * unit['poster_bytes'] / 1e9)} GB to be read, the store {few(N * unit['stored_bytes'] / 1e9)} GB, "
        f"the features in the memory of the command {few(N * 4 * DIMENSIONS / 1e9)} GB, and the distances of all pairs, were they kept, {few(4 * N**2 / 1e12)} TB.",
    ]
    return "\n".join(lines)


def with_tables(page: str, unit: dict) -> str:
    """The page with the tables of these units between its marks."""
    before, rest = page.split("<!-- reckoned -->")
    return f"{before}<!-- reckoned -->\n{tables(unit)}\n<!-- /reckoned -->{rest.split('<!-- /reckoned -->')[1]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posters", type=Path)
    parser.add_argument("--table", action="store_true")
    asked, page = parser.parse_args(), PAGE.read_text("utf-8")
    if asked.table:
        unit = json.loads(UNITS.search(page)[1])
    else:
        unit = {name: float(f"{value:.4g}") for name, value in measured(asked.posters).items()}
        head = f"# A cluster's tasks\n\n`python benchmarks/cluster.py --posters POSTERS`\n\n{describe_machine()}\n\n"
        told = "One task of each kind, by one thread, in seconds of processor time; the store, which waits for the disk, by the clock.\n\n"
        RESULTS.joinpath("cluster.md").write_text(head + told + tables(unit) + "\n", "utf-8")
    PAGE.write_text(with_tables(page, unit), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
