"""Mutated JPEGs by the hundred thousand: each is a whole picture or unreadable, none hangs, none is half read.

python benchmarks/fuzz_images.py --posters FOLDER [--n 100000]
"""

import argparse
import faulthandler
import io
import sys
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np
from common import keep, table

from poster_analysis.collection.images import UnreadableImage, read_image

CHUNK = 250
ENCODINGS = (
    {"progressive": True},
    {"restart_marker_blocks": 3},
    {"subsampling": "4:4:4", "optimize": True},
)
PATIENCE = 60  # seconds for one picture, after which the whole run is stopped with a traceback


def start_of_frame(data: bytes) -> int:
    """Where height and width stand."""
    places = [data.find(mark) for mark in (b"\xff\xc0", b"\xff\xc1", b"\xff\xc2")]
    return min(place for place in places if place >= 0) + 5


def flip_bits(data: bytearray, rng) -> None:
    for place in rng.integers(2, len(data), rng.integers(1, 9)):
        data[place] ^= 1 << int(rng.integers(8))


def flip_header_bits(data: bytearray, rng) -> None:
    for place in rng.integers(2, min(700, len(data)), rng.integers(1, 5)):
        data[place] ^= 1 << int(rng.integers(8))


def overwrite(data: bytearray, rng) -> None:
    place, n = int(rng.integers(2, len(data))), int(rng.integers(1, 200))
    data[place : place + n] = rng.bytes(len(data[place : place + n]))


def insert(data: bytearray, rng) -> None:
    place = int(rng.integers(2, len(data)))
    data[place:place] = rng.bytes(int(rng.integers(1, 400)))


def delete(data: bytearray, rng) -> None:
    place = int(rng.integers(2, len(data)))
    del data[place : place + int(rng.integers(1, 400))]


def move(data: bytearray, rng) -> None:
    a, b = (int(place) for place in rng.integers(2, len(data), 2))
    part = data[a : a + 300]
    del data[a : a + 300]
    data[b:b] = part


def insert_marker(data: bytearray, rng) -> None:
    place = int(rng.integers(2, len(data)))
    data[place:place] = bytes([0xFF, int(rng.integers(0xC0, 0xFF))])


def cut(data: bytearray, rng) -> None:
    del data[int(rng.integers(1, len(data))) :]


def cut_and_close(data: bytearray, rng) -> None:
    del data[int(rng.integers(start_of_frame(data) + 20, len(data) - 2)) :]
    data += b"\xff\xd9"


def cut_and_fill(data: bytearray, rng) -> None:
    place = int(rng.integers(start_of_frame(data) + 20, len(data) - 2))
    data[place:] = bytes(len(data) - place)


def grow_height(data: bytearray, rng) -> None:
    place = start_of_frame(data)
    height = int.from_bytes(data[place : place + 2], "big")
    data[place : place + 2] = (height + int(rng.integers(16, 4000))).to_bytes(2, "big")


ANYTHING = (flip_bits, flip_header_bits, overwrite, insert, delete, move, insert_marker)
#: A picture that has lost something: it may be read only if nothing of it is missing.
LOSSES = (cut, cut_and_close, cut_and_fill, grow_height)
MUTATIONS = (*ANYTHING, *LOSSES)


def encoded_again(data: bytes, options: dict) -> bytes:
    buffer = io.BytesIO()
    read_image(data).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def is_whole(data: bytes) -> bool:
    try:
        return bool(read_image(data))
    except UnreadableImage:
        return False


@cache
def originals(folder: str) -> tuple[tuple[bytes, bytes], ...]:
    """A few hundred posters and their pictures; some of them encoded again in other ways."""
    paths = sorted(Path(folder).glob("*.jpg"))
    contents = [path.read_bytes() for path in paths[:: max(1, len(paths) // 400)]]
    contents = [data for data in contents if is_whole(data)]
    for n, options in enumerate(ENCODINGS):
        contents[n :: 2 * len(ENCODINGS)] = [
            encoded_again(data, options) for data in contents[n :: 2 * len(ENCODINGS)]
        ]
    return tuple((data, read_image(data).tobytes()) for data in contents)


def try_some(folder: str, seed: int) -> tuple[dict, list, float]:
    """Mutate and read; count outcomes by kind, list what must not be, and the longest time for one."""
    rng = np.random.default_rng(seed)
    counts, wrong, longest = defaultdict(Counter), [], 0.0
    known = originals(folder)
    for n in range(CHUNK):
        data, picture = known[int(rng.integers(len(known)))]
        mutate = MUTATIONS[(seed * CHUNK + n) % len(MUTATIONS)]
        mutant = bytearray(data)
        mutate(mutant, rng)
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        started = time.perf_counter()
        try:
            image = read_image(bytes(mutant))
            whole = image.tobytes() == picture
            outcome = "same picture" if whole else "another picture"
            assert image.mode == "RGB" and len(image.tobytes()) == 3 * image.width * image.height
            if not whole and mutate in LOSSES:
                wrong.append(f"{mutate.__name__}, seed {seed}, number {n}: half a picture was read")
        except UnreadableImage:
            outcome = "unreadable"
        except BaseException as error:
            outcome = "error"
            wrong.append(f"{mutate.__name__}, seed {seed}, number {n}: {error!r}")
        longest = max(longest, time.perf_counter() - started)
        faulthandler.cancel_dump_traceback_later()
        counts[mutate.__name__][outcome] += 1
    return dict(counts), wrong, longest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posters", required=True)
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    totals, wrong, longest = defaultdict(Counter), [], 0.0
    seeds = range(-(-arguments.n // CHUNK))
    started = time.perf_counter()
    with ProcessPoolExecutor(arguments.processes) as pool:
        for counts, bad, slowest in pool.map(partial(try_some, arguments.posters), seeds):
            for name, outcomes in counts.items():
                totals[name].update(outcomes)
            wrong += bad
            longest = max(longest, slowest)
    outcomes = ("unreadable", "same picture", "another picture", "error")
    rows = [
        [name.replace("_", " "), *(f"{totals[name][o]:,}" for o in outcomes)] for name in totals
    ]
    n = sum(sum(outcomes.values()) for outcomes in totals.values())
    losses = sum(sum(totals[mutate.__name__].values()) for mutate in LOSSES)
    half = sum(totals[mutate.__name__]["another picture"] for mutate in LOSSES)
    keep(
        "fuzz_images",
        "Mutated JPEGs",
        f"{n:,} mutants of {len(originals(arguments.posters))} pictures (baseline, some progressive, some with restart marks) in {time.perf_counter() - started:,.0f} s; the slowest took "
        f"{longest:.2f} s. Of {losses:,} that had lost a part (the last four kinds), {half:,} were read as another picture "
        f"({half / losses:.3%}). Errors other than UnreadableImage: {sum(t['error'] for t in totals.values())}.",
        table(["mutation", *outcomes], rows),
        "A byte changed in the middle of a JPEG gives another picture, since JPEG has no checksums: that is what *another picture* means in the "
        "first seven kinds. In the last four it means that half a picture was read.",
        command=f"python benchmarks/fuzz_images.py --posters POSTERS --n {n}",
    )
    print("\n".join(wrong[:20]), file=sys.stderr)
    sys.exit(any("half" not in line for line in wrong))


if __name__ == "__main__":
    main()
