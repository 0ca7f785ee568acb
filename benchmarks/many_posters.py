"""Clusters of more posters than their distances fit, and how many components: seconds, memory, and how good it is.

python benchmarks/many_posters.py [--posters 8000] [--many 40000] [--features 25088] [--rounds 3] [--parts exact components many]

Made features, rectified so that a third of them is not zero. Where k-means from all distances can run, it runs beside the way along leading axes,
in turns, each in a process of its own; so does the components sweep with all axes beside the one that stops. With the largest collection only the
new way runs. Each part has a page of its own.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from common import keep, run_worker, spread, table

NUMBERS = list(range(5, 26))
BLOCK = 500
DIRECTIONS = 60


def write(task: dict) -> dict:
    """Features with sixty directions of falling variance, rectified, block by block into three files."""
    n_posters, n_features, folder = task["posters"], task["features"], Path(task["folder"])
    rng = np.random.default_rng(0)
    axes = (
        rng.normal(size=(DIRECTIONS, n_features)) / np.sqrt(np.arange(1, DIRECTIONS + 1))[:, None]
    )
    axes, ends = axes.astype(np.float32), [0]
    with (folder / "data").open("wb") as data, (folder / "indices").open("wb") as indices:
        for start in range(0, n_posters, BLOCK):
            n_rows = min(BLOCK, n_posters - start)
            values = rng.standard_normal((n_rows, DIRECTIONS), dtype=np.float32) @ axes
            values += rng.standard_normal(values.shape, dtype=np.float32)
            block = sp.csr_array(np.maximum(values - 1, 0))
            block.data.tofile(data)
            block.indices.astype(np.int32).tofile(indices)
            ends.extend(ends[-1] + block.indptr[1:].astype(np.int64))
    np.array(ends, dtype=np.int64).tofile(folder / "indptr")
    return {}


def features(task: dict) -> sp.csr_array:
    """What was written."""
    folder, kinds = (
        Path(task["folder"]),
        {"data": np.float32, "indices": np.int32, "indptr": np.int64},
    )
    parts = {name: np.fromfile(folder / name, dtype=kind) for name, kind in kinds.items()}
    if parts["indptr"][-1] < 2**31:
        parts["indptr"] = parts["indptr"].astype(np.int32)
    shape = task["posters"], task["features"]
    return sp.csr_array((parts["data"], parts["indices"], parts["indptr"]), shape=shape)


class Clock:
    """Seconds since the last time it was asked, by name: of the clock on the wall, and of all processors."""

    def __init__(self) -> None:
        self.wall, self.cpu, self.since = {}, {}, (time.perf_counter(), time.process_time())

    def __call__(self, name: str) -> None:
        now = time.perf_counter(), time.process_time()
        self.wall[name], self.cpu[name] = (
            after - before for after, before in zip(now, self.since, strict=True)
        )
        self.since = now
        print(
            f"{name}: {self.wall[name]:.1f} s, {self.cpu[name]:.1f} of processors", file=sys.stderr
        )

    def found(self, **more: object) -> dict:
        """What was measured, with the most memory that this process has had, in GB."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        return {"wall": self.wall, "cpu": self.cpu, "peak": peak} | more


def partitions_of(task: dict) -> dict:
    """k-means for all k, from distances that are measured first, or along leading axes first."""
    from poster_analysis.clustering.geometry import geometry, partitions
    from poster_analysis.distances.measure import row_distances
    from poster_analysis.distances.pairs import distances_on_demand
    from poster_analysis.reduction.spaces import raw_space

    X, clock = features(task), Clock()
    distances = row_distances(X) if task["way"] == "exact" else distances_on_demand(X)
    clock("distances" if task["way"] == "exact" else "norms")
    shape = geometry(raw_space(X), distances)
    clock("leading axes")
    found = partitions(shape, NUMBERS, random_state=task["seed"])
    clock("k-means")
    return clock.found(inertias=[one.inertia for one in found])


def components_of(task: dict) -> dict:
    """The components sweep of PCA and NMF, with all axes and fine factorisations, or as it is."""
    from poster_analysis.clustering import components
    from poster_analysis.clustering.components import components_sweep
    from poster_analysis.distances.measure import row_distances
    from poster_analysis.reduction.spaces import nmf_space, pca_space

    X = features(task)
    distances = row_distances(X)
    fine = components.nmf_space
    if task["way"] == "all axes":
        components.ALL_WANTED = 10**9
        components.nmf_space = lambda X, coarse, **options: fine(X, **options)
    spaces = [pca_space(X, distances=distances, keep_components=False), nmf_space(X)]
    clock, tables = Clock(), {}
    for space in spaces:
        tables[space.name] = components_sweep(space, distances).to_dict("list")
        clock(space.name)
    if task["way"] == "all axes":  # what another seed makes of the factorisations
        other = nmf_space(X, random_state=10)
        tables["other seed"] = components_sweep(other, distances).to_dict("list")
    return clock.found(tables=tables)


def sweep_of(task: dict) -> dict:
    """A whole sweep over k with no distances kept: clusters, both silhouettes, stability of starts and halves."""
    from poster_analysis.clustering import sweep as sweeps
    from poster_analysis.clustering.geometry import geometry, partitions
    from poster_analysis.distances.pairs import distances_on_demand
    from poster_analysis.reduction.spaces import raw_space

    X, clock = features(task), Clock()
    distances = distances_on_demand(X)
    space = raw_space(X)
    clock("norms and copies")
    timed = {"geometry": geometry, "partitions": partitions, "_both_silhouettes": sweeps._both_silhouettes,
             "_scores": sweeps._scores, "half_agreement": sweeps.half_agreement}  # fmt: skip
    names = {"geometry": "leading axes", "partitions": "k-means for all k and starts", "_both_silhouettes": "both silhouettes",
             "_scores": "scores from centres, agreement of starts", "half_agreement": "agreement of halves"}  # fmt: skip

    def asked(name: str):
        def run(*given, **options):
            clock("checks")
            found = timed[name](*given, **options)
            clock(names[name])
            return found

        return run

    for name in timed:
        setattr(sweeps, name, asked(name))
    found = sweeps.sweep(space, distances)
    clock("tables")
    del clock.wall["checks"], clock.cpu["checks"]
    return clock.found(
        silhouettes=found.table["silhouette"].round(4).tolist(), n_axes=found.parameters["n_axes"]
    )


WAYS = {"write": write, "partitions": partitions_of, "components": components_of, "sweep": sweep_of}


def exact_part(base: dict, rounds: int) -> list[str]:
    """Inertia for each k and seconds, of both ways in turns."""
    runs = {"exact": [], "axes": []}
    for seed in range(9, 9 + rounds):
        for way, known in runs.items():
            known.append(
                run_worker(__file__, base | {"do": "partitions", "way": way, "seed": seed})
            )
    exact, axes = (np.array([one["inertias"] for one in runs[way]]) for way in runs)
    seconds = {
        way: [[sum(one[kind].values()) for one in known] for kind in ("wall", "cpu")]
        for way, known in runs.items()
    }
    rows = [[k, *(spread(list(values), 5) for values in (mine / theirs, theirs / theirs[0]))]
            for k, mine, theirs in zip(NUMBERS, axes.T, exact.T, strict=True)]  # fmt: skip
    ratios = [slow / fast for slow, fast in zip(*(seconds[way][1] for way in runs), strict=True)]
    return [
        f"## Beside k-means from all distances: {base['posters']:,} posters\n\nInertia of the way along leading axes over that of the exact way with "
        f"the same seed, for {rounds} seeds of ten starts each; beside it, how far the exact way's own inertia varies, over that with its first seed. "
        f"The largest ratio of all is {(axes / exact).max():.5f}.",
        table(["k", "ratio", "exact way, other seeds"], rows),
        table(["way", "seconds", "processor seconds", "GB at most"],
              [[{"exact": "from all distances", "axes": "along leading axes"}[way], *(spread(one) for one in seconds[way]),
                spread([one["peak"] for one in runs[way]])] for way in runs]),
        f"Processor seconds of the exact way over those of the other: {spread(ratios, 2)}. The exact way grows with the square of the number of posters, the other with the number.",
    ]  # fmt: skip


def components_part(base: dict, rounds: int) -> list[str]:
    """What a components sweep costs and says, with all axes and without."""
    runs = {"all axes": [], "leading axes": []}
    for _ in range(rounds):
        for way, known in runs.items():
            known.append(run_worker(__file__, base | {"do": "components", "way": way}))
    rows = []
    for space in ("pca", "nmf"):
        seconds = {way: [one["cpu"][space] for one in known] for way, known in runs.items()}
        wall = {way: [one["wall"][space] for one in known] for way, known in runs.items()}
        ratios = [
            after / before
            for before, after in zip(seconds["all axes"], seconds["leading axes"], strict=True)
        ]
        rows.append(
            [
                space,
                *(spread(one[way]) for way in runs for one in (wall, seconds)),
                spread(ratios, 2),
            ]
        )
    tables = {way: known[0]["tables"] for way, known in runs.items()}
    said = []
    for space in ("pca", "nmf"):
        for way in runs:
            one = tables[way][space]
            said += [[space, way, f"{number:,}", "" if explained != explained else f"{explained:.4f}", f"{silhouette:.4f}"]
                     for number, explained, silhouette in zip(one["n_components"], one["explained_variance"], one["silhouette"], strict=True)]  # fmt: skip
    other = tables["all axes"]["other seed"]
    said += [["nmf", "all axes, another seed", f"{number:,}", "", f"{silhouette:.4f}"]
             for number, silhouette in zip(other["n_components"], other["silhouette"], strict=True)]  # fmt: skip
    peaks = ", ".join(
        f"{spread([one['peak'] for one in known])} GB with {way}" for way, known in runs.items()
    )
    return [
        f"## How many components: {base['posters']:,} posters\n\nThe sweep with all axes and fine factorisations, and as it is; the spaces of 50 components are made before the clock starts. Memory at most {peaks}.",
        table(
            [
                "space",
                "all axes, s",
                "processor s",
                "as it is, s",
                "processor s",
                "ratio of processor seconds",
            ],
            rows,
        ),
        table(["space", "way", "components", "explained variance", "silhouette"], said),
    ]


def many_part(base: dict) -> list[str]:
    """A sweep of the largest collection, step by step."""
    found = run_worker(__file__, base | {"do": "sweep"})
    wall, cpu = found["wall"], found["cpu"]
    clusters = ("leading axes", "k-means for all k and starts")
    return [
        f"## {base['posters']:,} posters\n\nThe distances of all pairs would take {4 * base['posters'] ** 2 / 1e9:.1f} GB and are not kept. A sweep over k = {NUMBERS[0]} to "
        f"{NUMBERS[-1]} with ten starts takes {sum(wall.values()) / 60:.1f} minutes ({sum(cpu.values()):,.0f} processor seconds) and {found['peak']:.1f} GB at most, the features "
        f"among them; the clusters themselves {sum(wall[name] for name in clusters) / 60:.1f} minutes ({sum(cpu[name] for name in clusters):,.0f}).",
        table(["step", "seconds", "processor seconds"], [[name, f"{wall[name]:,.1f}", f"{cpu[name]:,.1f}"] for name in wall]),
    ]  # fmt: skip


def main() -> None:
    """Measure all that was asked for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posters", type=int, default=8000)
    parser.add_argument("--components", type=int, default=8000)
    parser.add_argument("--many", type=int, default=40000)
    parser.add_argument("--features", type=int, default=25088)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parts", nargs="+", default=["exact", "components", "many"])
    parser.add_argument("--task", type=json.loads)
    arguments = parser.parse_args()
    if arguments.task:
        print(json.dumps(WAYS[arguments.task["do"]](arguments.task)))
        return
    sizes = {"exact": arguments.posters, "components": arguments.components, "many": arguments.many}
    for part in arguments.parts:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            base = {"posters": sizes[part], "features": arguments.features, "folder": folder}
            run_worker(__file__, base | {"do": "write"})
            measure = {"exact": exact_part, "components": components_part}.get(part)
            found = many_part(base) if measure is None else measure(base, arguments.rounds)
        keep(
            f"many_posters_{part}",
            "Clusters of many posters",
            f"Made features: {arguments.features:,} columns, a third of the values not zero, sixty directions of falling variance and as much noise. Medians, and in brackets "
            "the least and the most. Where other work ran on the machine meanwhile, processor seconds are what to compare.",
            *found,
            command=f"python benchmarks/many_posters.py --parts {part} --{'posters' if part == 'exact' else part} {sizes[part]} --features {arguments.features}"
            + f" --rounds {arguments.rounds}" * (part != "many"),
        )  # fmt: skip


if __name__ == "__main__":
    main()
