"""The site of made studies of many posters: how long it takes to build, what it weighs, how soon its pages can be read.

python benchmarks/site_growth.py --sizes 1000 10000 100000 --out DIR [--rounds 3] [--no-browser]

What was measured is kept in DIR; another DIR measures anew. Nothing is studied: tables are drawn at random, with the columns and as many rows as a study writes, for three spaces. Posters are a few hundred drawn ones, whose small copies
are made different by a comment in the file. Each site is built in a process of its own, and then opened from the file system by Chromium.
"""

import argparse
import json
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from common import keep, run_worker, table
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

SPACES = ("raw", "pca", "nmf")
N_DRAWN, N_CLUSTERS, N_NEIGHBOURS, N_SCALES, SHEET = 240, 10, 6, 18, 2048
WORDS = (
    "ash", "amber", "autumn", "border", "bride", "brother", "captain", "city", "dawn", "desert",
    "dragon", "empire", "garden", "ghost", "harbour", "house", "island", "journey", "king", "letter",
    "light", "lost", "midnight", "moon", "mountain", "night", "ocean", "orchard", "promise", "queen",
    "rain", "river", "road", "shadow", "silence", "snow", "song", "star", "station", "storm",
    "stranger", "summer", "sun", "tower", "train", "valley", "war", "winter",
)  # fmt: skip


def index_of(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """The films: ids of seven digits, titles of two to four words, genres, years."""
    ids = np.sort(rng.choice(9_000_000, n, replace=False))
    years = rng.integers(1920, 2025, n)
    words = rng.choice([word.title() for word in WORDS], (n, 4))
    titles = [" ".join(row[:k]) for row, k in zip(words, rng.integers(2, 5, n), strict=True)]
    genres = rng.choice(["Drama", "Comedy", "Horror", "Crime|Drama", "Action|War"], n)
    return pd.DataFrame({
        "imdb_id": [f"{one:07}" for one in ids], "title": [f"{t} ({y})" for t, y in zip(titles, years, strict=True)],
        "genre": genres, "year": years, "path": [f"{one:07}.jpg" for one in ids], "sha256": "",
    })  # fmt: skip


def pictures_of(drawn: Path) -> list[Image.Image]:
    """The drawn posters, less those that are drawn to be broken."""
    found = []
    for path in sorted(drawn.glob("*.jpg")):
        try:
            with Image.open(path) as image:
                found.append(image.convert("RGB"))
        except OSError:
            continue
    return found


def small_copies(index: pd.DataFrame, folder: Path, drawn: Path) -> list[str]:
    """A small copy of every poster, no two alike; the digests by which they are found."""
    from hashlib import sha256

    from poster_analysis.figures.thumbnails import SMALL, small_jpeg

    folder.mkdir(parents=True)
    pictures = [small_jpeg(image, (SMALL, SMALL)) for image in pictures_of(drawn)]
    digests = []
    for number, name in enumerate(index["imdb_id"]):
        comment, data = name.encode(), pictures[number % len(pictures)]
        digests.append(sha256(comment).hexdigest())
        marked = data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]
        (folder / f"{digests[-1][:32]}-{SMALL}.jpg").write_bytes(marked)
    return digests


def sheets(n: int, folder: Path, drawn: Path, rng: np.random.Generator) -> pd.DataFrame:
    """Sheets of sprites for the map, and where each poster is on them."""
    wide, high = 48, 64
    sprites = [np.asarray(image.resize((43, high))) for image in pictures_of(drawn)]
    across, down = SHEET // wide, SHEET // high
    place, number = np.arange(n) % (across * down), np.arange(n) // (across * down)
    cells = pd.DataFrame(
        {"sheet": [f"sheet-{one:03}.jpg" for one in number], "left": place % across * wide}
    )
    cells = cells.assign(top=place // across * high, width=43, height=high)
    for name, rows in cells.groupby("sheet"):
        pixels = np.full((SHEET, SHEET, 3), 150, dtype=np.uint8)
        for left, top in zip(rows["left"], rows["top"], strict=True):
            pixels[top : top + high, left : left + 43] = sprites[rng.integers(len(sprites))]
        sheet = Image.fromarray(pixels)
        sheet.save(folder / name, "JPEG", quality=82, subsampling=0, optimize=True)
    return cells


def tables_of(index: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """The tables of a study that grow with the number of posters."""
    ids, n = index["imdb_id"].to_numpy(), len(index)
    found = {}
    for space in SPACES:
        clusters = pd.DataFrame(
            {"imdb_id": ids, "title": index["title"], "cluster": rng.integers(0, N_CLUSTERS, n)}
        )
        clusters["silhouette"] = rng.uniform(-0.1, 0.3, n)
        clusters["rank"] = clusters.groupby("cluster").cumcount() + 1
        found[f"clusters_{space}"] = clusters
        found[f"exemplars_{space}"] = clusters[clusters["rank"] <= 6].assign(role="medoid")
        labels = {f"k{k}": rng.integers(0, k, n) for k in range(5, 26)}
        found[f"labels_{space}"] = pd.DataFrame({"imdb_id": ids, **labels})
    near = pd.DataFrame(
        {"imdb_id": ids.repeat(N_NEIGHBOURS), "rank": np.tile(np.arange(1, N_NEIGHBOURS + 1), n)}
    )
    near["neighbour_id"] = ids[rng.integers(0, n, len(near))]
    found["neighbours"] = near.assign(similarity=rng.uniform(0.5, 1, len(near)))
    found["neighbour_counts"] = pd.DataFrame({"imdb_id": ids, "n_lists": rng.poisson(6, n)})
    found["map"] = pd.DataFrame(
        {"imdb_id": ids, "x": rng.uniform(0, 1, n), "y": rng.uniform(0, 1, n)}
    )
    found["measures"] = pd.DataFrame(
        {"imdb_id": ids, **{f"measure_{i}": rng.normal(50, 15, n) for i in range(N_SCALES)}}
    )
    found["posters"] = (
        index.drop(columns="sha256")
        .merge(found["measures"], on="imdb_id")
        .merge(found["map"], on="imdb_id")
    )
    return found


def make(n: int, out: Path) -> None:
    """A made study of n posters."""
    from poster_analysis.core.files import write_table
    from poster_analysis.drawing.collection import draw_collection
    from poster_analysis.figures.map import map_data, scale_column, write_map_page
    from poster_analysis.study.exports import write_atlas
    from poster_analysis.study.parameters import Parameters
    from poster_analysis.study.run import Outcome, Run

    rng = np.random.default_rng(n)
    drawn = draw_collection(out.parent / "drawn", n_posters=N_DRAWN).posters
    index = index_of(n, rng)
    index["sha256"] = small_copies(index, out / "thumbnails", drawn)
    tables = tables_of(index, rng)
    run = Run(out)
    run.start(
        Parameters(str(drawn)),
        collection={"n_posters": n, "digest": "made"},
        backbone={"name": "made"},
        warnings=[],
    )

    def compute(folder: Path) -> Outcome:
        (folder / "map").mkdir(parents=True)
        write_table(index, folder / "features_index.csv")
        for name, each in tables.items():
            write_table(each, folder / "tables" / f"{name}.csv")
        cells = sheets(n, folder / "map", drawn, rng).assign(path=index["path"])
        films = index.assign(
            x=tables["map"]["x"],
            y=tables["map"]["y"],
            cluster=tables["clusters_pca"]["cluster"].astype(str),
        )
        scales = [
            scale_column(name, tables["measures"][name]) for name in tables["measures"].columns[1:]
        ]
        write_map_page(
            map_data(films, scales=scales, neighbours=tables["neighbours"], sprites=cells),
            folder / "map",
        )
        names = [f"{digest[:32]}-160.jpg" for digest in index["sha256"]]
        kept = {"neighbours": tables["neighbours"], "pictures": names, "folder": out / "thumbnails"}
        write_atlas(tables["posters"], folder / "exports" / "posters.parquet", **kept)
        return Outcome([f"{n:,} posters were made."])

    run.stage("map", compute, parameters={})


def weigh(site: Path) -> tuple[dict[str, int], int]:
    """The bytes of a site by kind of file, and how many files there are."""
    kinds = {"thumbnails": "small posters", "map": "map", "films": "films", "titles": "titles for the search", "clusters": "clusters", "tables": "tables", "exports": "tables", "figures": "figures", "_images": "figures", "notebooks": "notebooks"}  # fmt: skip
    found, number = Counter(), 0
    for path in site.rglob("*"):
        if path.is_file():
            parts = path.relative_to(site).parts
            kind = (
                "tables"
                if path.suffix == ".zip"
                else next((kinds[part] for part in parts if part in kinds), "everything else")
            )
            found[kind] += path.stat().st_size
            number += 1
    return found, number


def work(task: dict) -> dict:
    """Make a study if there is none, or build its site."""
    from poster_analysis.site.build import publish

    out = Path(task["out"])
    if task["what"] == "make":
        make(task["n"], out)
        return {}
    started = time.process_time()
    publish(out, progress=False)
    seconds = time.process_time() - started
    kinds, number = weigh(out / "site")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "peak": peak, "kinds": kinds, "files": number}


VIEWS = {
    "front page": ("index.html", "document.images.length || document.querySelector('h1')"),
    "run": ("study/index.html", "document.querySelector('h1')"),
    "all films": ("study/films/index.html", "document.querySelector('ol.parts')"),
    "a film": ("study/films/index.html#{film}", "document.querySelector('.films-shown .film')"),
    "a hundred films": ("study/films/index.html#films_2", "document.querySelector('.films-shown .tiles')"),
    "a cluster": ("study/clusters/pca-0.html", "document.querySelector('ol.tiles')"),
    "the search": ("search.html?q=midnight+harbour", "document.querySelector('.found a')"),
    "the map": ("study/map/index.html", "document.documentElement.classList.contains('live') && document.querySelector('#entries li')"),
}  # fmt: skip


def views(out: Path, rounds: int) -> dict[str, float]:
    """Seconds until each view can be read, the median of some rounds, each in a browser of its own."""
    from browser import Browser

    from poster_analysis.site.films import film_anchor
    from poster_analysis.study.run import Run

    film = film_anchor(Run(out).table("features_index")["imdb_id"].iloc[-1])
    found = {name: [] for name in VIEWS}
    for _ in range(rounds):
        browser = Browser(tempfile.mkdtemp())
        browser.show()
        for name, (address, ready) in VIEWS.items():
            started = time.perf_counter()
            browser.open(f"{(out / 'site').resolve().as_uri()}/{address.format(film=film)}")
            browser.wait(ready)
            found[name].append(time.perf_counter() - started)
            browser.open("about:blank")
        browser.close()
    return {name: float(np.median(seconds)) for name, seconds in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        print(json.dumps(work(json.loads(given.task))))
        return
    built, seen = {}, {}
    for n in given.sizes:
        out = given.out / f"made-{n}"
        measured = given.out / f"measured-{n}.json"
        if not measured.is_file():
            if not (out / "tables").is_dir():
                shutil.rmtree(out, ignore_errors=True)
                run_worker(__file__, {"what": "make", "n": n, "out": str(out)})
            found = run_worker(__file__, {"what": "build", "out": str(out)})
            found["seen"] = {} if given.no_browser else views(out, given.rounds)
            measured.write_text(json.dumps(found))
        built[n] = json.loads(measured.read_text())
        seen[n] = built[n]["seen"]
    sizes = [f"{n:,} posters" for n in given.sizes]
    rows = [
        ["seconds of processor to build", *(f"{built[n]['seconds']:,.0f}" for n in given.sizes)],
        ["most memory, MB", *(f"{built[n]['peak']:,.0f}" for n in given.sizes)],
        ["files", *(f"{built[n]['files']:,}" for n in given.sizes)],
        ["all, MB", *(f"{sum(built[n]['kinds'].values()) / 1e6:,.1f}" for n in given.sizes)],
        [
            "kB a poster",
            *(f"{sum(built[n]['kinds'].values()) / 1e3 / n:,.1f}" for n in given.sizes),
        ],
    ]
    kinds = sorted(
        built[given.sizes[-1]]["kinds"], key=built[given.sizes[-1]]["kinds"].get, reverse=True
    )
    weights = [
        [kind, *(f"{built[n]['kinds'].get(kind, 0) / 1e6:,.1f}" for n in given.sizes)]
        for kind in kinds
    ]
    first = [
        [name, *(f"{seen[n][name]:.2f}" for n in given.sizes)]
        for name in VIEWS
        if seen[given.sizes[0]]
    ]
    keep(
        "site_growth",
        "Sites of many posters",
        "Made studies of three spaces with ten clusters each, six neighbours for every poster and eighteen measures on the map; drawn posters, whose small copies weigh less than those of photographs "
        "(about 7 kB each at 160 pixels). No reports and no figures, which do not grow with the number of posters.",
        table(["", *sizes], rows),
        "MB by kind of file:",
        table(["", *sizes], weights),
        f"Seconds in Chromium, from the file system, until a view can be read (median of {given.rounds}, each in a browser that was just started; on the map: until it is drawn):",
        table(["", *sizes], first),
        command=f"python benchmarks/site_growth.py --sizes {' '.join(map(str, given.sizes))} --out DIR --rounds {given.rounds}",
    )


if __name__ == "__main__":
    main()
