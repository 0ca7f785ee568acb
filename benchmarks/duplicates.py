"""Near-duplicates on drawn posters: precision and recall for each backbone and each kind of change.

python benchmarks/duplicates.py [--posters N] [--seed SEED]

The posters are drawn with another seed than those on which the thresholds were chosen. Where no pretrained weights
of MobileNet can be had, it is left out, and the page says so.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
from common import keep, table

from poster_analysis.collection.posters import Collection, read_collection
from poster_analysis.core.errors import PosterAnalysisError
from poster_analysis.drawing.collection import draw_collection, plan
from poster_analysis.drawing.painting import jpeg
from poster_analysis.drawing.posters import draw_poster
from poster_analysis.extraction.backbones import load_backbone
from poster_analysis.extraction.extract import extract
from poster_analysis.similarity.duplicates import (
    HASH_THRESHOLD,
    PART_THRESHOLD,
    duplicate_groups,
    precision_recall,
)
from poster_analysis.similarity.perceptual_hashes import perceptual_hashes

BACKBONES = {
    "colour": {},
    "mobilenet_0.75": {},
    "vgg16": {"weights": "random"},
}


def plant(folder: Path, n_posters: int, random_state: int) -> tuple[Collection, pd.DataFrame]:
    """A drawn collection with copies in other words, and which film's poster was changed how."""
    drawn = draw_collection(folder, n_posters=n_posters, random_state=random_state)
    plans = [plan(number, random_state) for number in range(n_posters)]
    truth = [(each.imdb_id, each.rerelease_of, each.change) for each in plans]
    firsts = [each for each in plans if not each.change and not each.fault]
    for number, (film, other) in enumerate(zip(firsts[::12], firsts[7::12], strict=False)):
        words, imdb_id = replace(other.film, year=film.film.year), str(9_000_000 + number)
        image = draw_poster(words, film.look, random_state=[random_state, film.picture, 2])
        (drawn.posters / f"{imdb_id}.jpg").write_bytes(jpeg(image))
        truth.append((imdb_id, film.imdb_id, "re-lettered"))
    truth = pd.DataFrame(truth, columns=["imdb_id", "rerelease_of", "change"])
    return read_collection(drawn.posters, drawn.metadata), truth


def label(name: str, options: dict) -> str:
    """A backbone with the weights that it has."""
    return f"{name}, {options['weights']} weights" if options else name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posters", type=int, default=960)
    parser.add_argument("--seed", type=int, default=17)
    given = parser.parse_args()
    rows, notes, hashes = [], [], None
    with tempfile.TemporaryDirectory() as folder:
        collection, truth = plant(Path(folder, "drawn"), given.posters, given.seed)
        for name, options in BACKBONES.items():
            try:
                backbone = load_backbone(name, **options)
            except PosterAnalysisError as error:
                notes.append(f"{label(name, options)} was left out: {error}.")
                continue
            store = Path(folder, "store")
            features = extract(collection, backbone, store, progress=False).features
            if hashes is None:
                started = time.perf_counter()
                hashes = perceptual_hashes(features.index, collection.posters)
                seconds = time.perf_counter() - started
            readable = truth[truth["imdb_id"].isin(features.imdb_ids)]
            scores = precision_recall(duplicate_groups(features, hashes), readable)
            for one in scores.itertuples():
                precision = "" if pd.isna(one.precision) else f"{one.precision:.3f}"
                found = f"{one.n_found} of {one.n_true}"
                rows.append(
                    [label(name, options), one.change, found, f"{one.recall:.3f}", precision]
                )
    said = (
        f"{len(features):,} drawn posters, among them {int((truth['change'] != '').sum()):,} copies of others. "
        f"Thresholds: {HASH_THRESHOLD:g} of the bits for whole posters, {PART_THRESHOLD:g} for parts. "
        f"Hashing took {seconds:.0f} s. Pairs count; two copies of the same poster are a pair with both changes."
    )
    header = ["backbone", "change", "pairs found", "recall", "precision"]
    command = f"python benchmarks/duplicates.py --posters {given.posters} --seed {given.seed}"
    keep(
        "duplicates",
        "Near-duplicates on drawn posters",
        said,
        table(header, rows),
        *notes,
        command=command,
    )


if __name__ == "__main__":
    main()
