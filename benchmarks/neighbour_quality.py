"""Which features, spaces and cures for hubs give the best neighbours? Judged by genres, franchises and hubs.

python benchmarks/neighbour_quality.py [--n-posters 960] [--weights imagenet] [--features STUDY]

Without more it draws its collection, whose genres and franchises are known. With --features it judges the features of
a study instead that are kept flattened (MobileNet 0.75), from a network whose last layer has 7 x 7 places: they are pooled here.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from common import keep, table

from poster_analysis.collection.posters import read_collection
from poster_analysis.distances.measure import row_distances
from poster_analysis.drawing.collection import draw_collection
from poster_analysis.extraction.backbones import POOLINGS, load_backbone, pool
from poster_analysis.extraction.extract import extract
from poster_analysis.extraction.features import Features, load_features
from poster_analysis.reduction.spaces import nmf_space, pca_space
from poster_analysis.similarity.comparison import compare_neighbours
from poster_analysis.similarity.hubness import centred_neighbours, mutual_proximity
from poster_analysis.similarity.neighbours import neighbours
from poster_analysis.words.neighbours import comparison_findings

N_NEIGHBORS = 20
RESIZES = ("nearest", "antialiased", "padded")
TREATMENTS = {
    "plain": neighbours,
    "centred": centred_neighbours,
    "mutual proximity": mutual_proximity,
}
SETTINGS = ("backbone", "pooling", "resize", "space", "treatment")
GRID = 7
SHOWN = [
    "common_genre_1", "common_genre_6", "common_genre_20", "chance_6", "behind", "jaccard_6", "skewness",
    "antihubs", "largest", "average_precision",
]  # fmt: skip


def drawn_features(folder: Path, n_posters: int, weights: str) -> tuple[Iterator, pd.DataFrame]:
    """Features of a drawn collection in every way of extracting, as (settings, features); and its truth."""
    drawn = draw_collection(folder / "drawn", n_posters=n_posters)
    collection = read_collection(drawn.posters, drawn.metadata)

    def extracted() -> Iterator[tuple[tuple, Features]]:
        for resize in RESIZES:
            for pooling in POOLINGS:
                colour = load_backbone("colour", pooling=pooling, resize=resize, weights="none")
                found = extract(collection, colour, folder / "store", progress=False)
                yield ("colour", pooling, resize), found.features
            network = load_backbone("mobilenet_0.75", resize=resize, weights=weights)
            found = extract(collection, network, folder / "store", progress=False)
            yield from pooled(found.features, "mobilenet_0.75", resize)

    return extracted(), drawn.read_truth()


def pooled(
    features: Features, name: str, resize: str = "nearest"
) -> Iterator[tuple[tuple, Features]]:
    """Flattened features of a network, pooled in every way."""
    X, places = features.X, GRID * GRID
    if X.shape[1] % places:
        raise SystemExit(f"{X.shape[1]:,} features are not those of {GRID} x {GRID} places")
    for pooling in POOLINGS:
        if pooling == "flatten":
            yield (name, pooling, resize), features
            continue
        parts = []
        for start in range(0, X.shape[0], 250):
            block = X[start : start + 250].toarray()
            parts.append(pool(block.reshape(len(block), GRID, GRID, -1), pooling=pooling))
        yield (name, pooling, resize), Features(np.vstack(parts), features.index)


def all_ways(sources: Iterator, spaces: tuple[str, ...]) -> tuple[dict, dict, pd.DataFrame]:
    """Neighbours by every way, what each way is, and the index of the posters."""
    ways, settings = {}, {}
    for extracted, features in sources:
        for space in spaces:
            # resizing is a question of features: other spaces for one of them only
            if space != "raw" and extracted[2] != "nearest":
                continue
            here = (
                features if space == "raw" else Features(in_space(features, space), features.index)
            )
            distances = row_distances(here.X)
            for treatment, find in TREATMENTS.items():
                if space == "pca" and treatment == "centred":
                    continue  # it is centred already
                parts = (*extracted, space, treatment)
                name = " / ".join(parts)
                ways[name] = find(here, n_neighbors=N_NEIGHBORS, distances=distances)
                settings[name] = dict(zip(SETTINGS, parts, strict=True))
        index = features.index
    return ways, settings, index


def in_space(features: Features, space: str) -> np.ndarray:
    """Fifty components of PCA or NMF, or as many as there can be."""
    n_components = min(50, min(features.X.shape) - 1)
    if space == "nmf":
        return nmf_space(features.X, n_components=n_components).X
    return pca_space(features.X, n_components=n_components, keep_components=False).X


def judged(title: str, ways: dict, settings: dict, index: pd.DataFrame, groups=None) -> list[str]:
    """A section of the page: sentences and a table."""
    found = compare_neighbours(ways, index, settings=settings, groups=groups)
    columns = [*SETTINGS, *(name for name in SHOWN if name in found)]
    rows = [
        [f"{value:.3f}" if isinstance(value, float) else value for value in row]
        for row in found[columns].itertuples(index=False)
    ]
    interval = (found["common_genre_6_high"] - found["common_genre_6_low"]).median() / 2
    note = (
        f"{len(index):,} posters, {N_NEIGHBORS} neighbours by cosine. The interval of common_genre_6 is about ± {interval:.3f}; "
        "behind is the difference from the first row."
    )
    sentences = "\n".join(f"- {sentence}" for sentence in comparison_findings(found))
    return [f"## {title}", note, sentences, table(columns, rows)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-posters", type=int, default=960)
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--features")
    given = parser.parse_args()
    command, title = "python benchmarks/neighbour_quality.py", "Which way of finding neighbours?"
    if given.features:
        sources = pooled(load_features(given.features), "mobilenet_0.75")
        parts = judged("Posters of a study", *all_ways(sources, ("raw", "pca")))
        keep("neighbour_quality_study", title, *parts, command=f"{command} --features STUDY")
        return
    with tempfile.TemporaryDirectory() as folder:
        sources, truth = drawn_features(Path(folder), given.n_posters, given.weights)
        parts = judged("Drawn posters", *all_ways(sources, ("raw", "pca", "nmf")), truth)
    parts.insert(0, "Of the franchises of drawn posters, re-releases are members too.")
    keep("neighbour_quality", title, *parts, command=f"{command} --n-posters {given.n_posters}")


if __name__ == "__main__":
    main()
