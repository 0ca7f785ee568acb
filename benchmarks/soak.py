"""An extraction that is killed again and again at random moments ends with the same bytes as one that is left alone.

python benchmarks/soak.py --posters FOLDER --backbone colour [--layer LAYER] [--weights W] [--limit N] [--kills 50]
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from common import cli, content_of, keep


def extraction(arguments: argparse.Namespace, folder: Path) -> list[str]:
    """The command that is killed."""
    options = {
        "--posters": arguments.posters,
        "--backbone": arguments.backbone,
        "--layer": arguments.layer,
        "--weights": arguments.weights,
        "--limit": arguments.limit,
        "--out": folder / "out",
        "--store": folder / "store",
    }
    given = [str(part) for pair in options.items() if pair[1] is not None for part in pair]
    return [*cli(), "extract", *given]


def start(command: list[str], errors: IO[bytes]) -> subprocess.Popen:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, env=environment)


def stop_on_failure(process: subprocess.Popen, errors: IO[bytes]) -> None:
    """Only what is killed may end with an error."""
    if process.returncode:
        raise SystemExit(content_of(errors)[-1000:])


def uninterrupted(command: list[str], folder: Path) -> tuple[float, float]:
    """Run to the end; seconds until the store was there, and in all."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process, begun = start(command, errors), None
        while process.poll() is None:
            if begun is None and list((folder / "store").glob("*.sqlite")):
                begun = time.perf_counter() - started
            time.sleep(0.005)
        stop_on_failure(process, errors)
    return begun or 0.0, time.perf_counter() - started


def result(folder: Path) -> dict[str, bytes]:
    """The bytes that count."""
    names = ("features.npz", "features_index.csv", "skipped.csv")
    return {name: (folder / "out" / name).read_bytes() for name in names}


def left_behind(folder: Path) -> list[str]:
    """Files and folders that belong to no result."""
    locks = {".lock", ".study.lock"}
    hidden = [path for path in folder.rglob(".*") if path.name not in locks]
    return sorted(path.name for path in hidden if not path.name.endswith(".sqlite.lock"))


def soak(arguments: argparse.Namespace, root: Path) -> dict:
    """Run once undisturbed, then with kills; compare."""
    calm, rough = root / "calm", root / "rough"
    begun, whole = uninterrupted(extraction(arguments, calm), calm)
    command, chance = extraction(arguments, rough), random.Random(arguments.seed)
    kills, finished = {"before the store": 0, "during the work": 0, "after the last poster": 0}, 0
    n_lives = 0
    while sum(kills.values()) < arguments.kills:
        n_lives += 1
        if chance.random() < 0.15:
            moment = begun * chance.uniform(0.3, 1)
        else:
            share = 3 / arguments.kills if finished == 0 else 1
            moment = begun + chance.uniform(0, max(0.05, (whole - begun) * share))
        with tempfile.TemporaryFile() as errors:
            process = start(command, errors)
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                has_store = bool(list((rough / "store").glob("*.sqlite")))
                phase = "after the last poster" if finished else "during the work"
                kills[phase if has_store else "before the store"] += 1
                continue
            stop_on_failure(process, errors)
        finished += 1  # all is done: from now on it is killed while it writes the result
        for path in (rough / "out").glob("*"):
            if path.is_file():
                path.unlink()
    _, last = uninterrupted(command, rough)
    return {
        "kills": kills,
        "seconds": (whole, last),
        "equal": result(calm) == result(rough),
        "bytes": sum(len(content) for content in result(calm).values()),
        "left": left_behind(rough),
        "lives": n_lives,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posters", required=True)
    parser.add_argument("--backbone", default="colour")
    parser.add_argument("--layer")
    parser.add_argument("--weights")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--discard", action="store_true", help="keep no table of the result")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        found = soak(arguments, Path(root))
    verdict = "the same bytes" if found["equal"] else "OTHER BYTES"
    text = (
        f"{arguments.backbone}{f', layer {arguments.layer}' if arguments.layer else ''}: {sum(found['kills'].values())} kills with SIGKILL "
        f"({', '.join(f'{n} {phase}' for phase, n in found['kills'].items())}) in {found['lives']} starts, then one run to the end. "
        f"`features.npz`, `features_index.csv` and `skipped.csv` ({found['bytes']:,} bytes): {verdict} as after one undisturbed run of "
        f"{found['seconds'][0]:.1f} s. Temporary files left behind: {', '.join(found['left']) or 'none'}."
    )
    if arguments.discard:
        print(text)
    else:
        name = f"soak_{arguments.backbone}{f'_{arguments.layer}' if arguments.layer else ''}"
        skip = ("seed", "discard", "posters")
        options = {name: value for name, value in vars(arguments).items() if name not in skip}
        given = " ".join(
            f"--{name} {value}" for name, value in options.items() if value is not None
        )
        command = f"python benchmarks/soak.py --posters POSTERS {given}"
        keep(name, "Killed and resumed", text, command=command)
    sys.exit(not found["equal"])


if __name__ == "__main__":
    main()
