"""Memory and time of extraction: 500 against 5,000 posters, 100 more, and again with nothing new.

python benchmarks/extraction_memory.py --posters FOLDER --backbone vgg16 [--weights random]
"""

import argparse
import io
import shutil
import tempfile
from pathlib import Path

from common import Ended, cli, keep, run_process, table
from PIL import Image


def extraction(
    arguments: argparse.Namespace, folder: Path, name: str, *options: object, fresh: bool = True
) -> Ended:
    """Extract into folders of their own, or into those of before."""
    posters, out = folder / "posters", folder / name
    if fresh:
        shutil.rmtree(out, ignore_errors=True)
    weights = [] if arguments.weights is None else ["--weights", arguments.weights]
    command = ["extract", "--posters", posters, "--backbone", arguments.backbone, *weights]
    ended = run_process([*cli(), *command, "--out", out, *options])
    if ended.status:
        raise SystemExit(ended.err[-2000:])
    return ended


def new_posters(folder: Path, n: int) -> list[Path]:
    """Posters that are not in the collection: mirror images of some that are."""
    paths = []
    for path in sorted(folder.glob("*.jpg"))[:n]:
        buffer = io.BytesIO()
        Image.open(path).convert("RGB").transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(
            buffer, "JPEG", quality=92
        )
        paths.append(folder / f"9{path.stem.zfill(9)}.jpg")
        paths[-1].write_bytes(buffer.getvalue())
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posters", required=True)
    parser.add_argument("--backbone", default="colour")
    parser.add_argument("--weights")
    parser.add_argument("--keep", help="a folder for the features of the whole collection")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        shutil.copytree(arguments.posters, folder / "posters")
        n = len(list((folder / "posters").glob("*.jpg")))
        small = extraction(arguments, folder, "small", "--limit", 500)
        whole = extraction(arguments, folder, "whole")
        store = sum(path.stat().st_size for path in (folder / "whole" / "store").glob("*.sqlite"))
        if arguments.keep:
            for path in (folder / "whole").glob("features*"):
                shutil.copy(path, Path(arguments.keep, path.name))
        again = extraction(arguments, folder, "whole", fresh=False)
        added = new_posters(folder / "posters", 100)
        more = extraction(arguments, folder, "whole", fresh=False)
        for path in (folder / "posters").iterdir():
            if path not in added:
                path.unlink()
        alone = extraction(arguments, folder, "alone")
    rows = [
        ["500 posters", f"{small.seconds:,.1f}", f"{small.peak:,.0f}"],
        [f"{n:,} posters", f"{whole.seconds:,.1f}", f"{whole.peak:,.0f}"],
        ["again, nothing new", f"{again.seconds:,.1f}", f"{again.peak:,.0f}"],
        [f"100 more than {n:,}", f"{more.seconds:,.1f}", f"{more.peak:,.0f}"],
        ["those 100 alone, fresh", f"{alone.seconds:,.1f}", f"{alone.peak:,.0f}"],
    ]
    keep(
        f"extraction_memory_{arguments.backbone}",
        f"Memory and time of extraction: {arguments.backbone}",
        f"The peak at {n:,} posters is {whole.peak / small.peak - 1:+.1%} against that at 500. The store has {store / 2**20:,.0f} MB. "
        "Seconds are those of the whole command, start of Python and of the framework included.",
        table(["`poster-analysis extract`", "seconds", "peak memory (MB)"], rows),
        command=f"python benchmarks/extraction_memory.py --posters POSTERS --backbone {arguments.backbone}"
        + (f" --weights {arguments.weights}" if arguments.weights else ""),
    )


if __name__ == "__main__":
    main()
