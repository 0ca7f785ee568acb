"""Ways to keep features without loss: size on disk, time to write, time to read back.

python benchmarks/storage.py --features FOLDER    (a folder with features.npz: that of a study)
"""

import argparse
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import keep, table
from scipy.sparse import csr_array, load_npz, save_npz, vstack

from poster_analysis.extraction.backbones import load_backbone
from poster_analysis.extraction.features import load_features
from poster_analysis.extraction.rows import decode_row, encode_row
from poster_analysis.extraction.store import FeatureStore

ROUNDS = 3


@dataclass
class Way:
    """A way to keep a matrix: `write` it to a path, `read` it back."""

    name: str
    write: Callable[[csr_array, Path], None]
    read: Callable[[Path, int], csr_array]


def plain(row: np.ndarray) -> bytes:
    return row.tobytes()


def from_plain(data: bytes, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    row = np.frombuffer(data, np.float32)
    columns = np.flatnonzero(row)
    return columns, row[columns]


def float32_rows(row: np.ndarray) -> bytes:
    """Bits and values, always four bytes each."""
    present = row != 0
    return b"\x02" + np.packbits(present, bitorder="little").tobytes() + row[present].tobytes()


def shuffled(data: bytes) -> bytes:
    """The bytes of all values by significance, as compressors like them."""
    body = np.frombuffer(data, np.uint8)
    odd = len(body) % 2
    return body[:odd].tobytes() + body[odd:].reshape(-1, 2).T.tobytes()


def unshuffled(data: bytes) -> bytes:
    body = np.frombuffer(data, np.uint8)
    odd = len(body) % 2
    return body[:odd].tobytes() + body[odd:].reshape(2, -1).T.tobytes()


def in_sqlite(name: str, encode: Callable, decode: Callable, page_size: int = 8192) -> Way:
    """Rows in a database, sixteen per transaction, as an extraction writes them; durability switched off for all alike."""

    def write(X: csr_array, path: Path) -> None:
        with sqlite3.connect(path, isolation_level=None) as connection:
            connection.execute(f"PRAGMA page_size = {page_size}")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, data BLOB)")
            for start in range(0, X.shape[0], 16):
                rows = X[start : start + 16].toarray()
                connection.execute("BEGIN")
                connection.executemany(
                    "INSERT INTO rows (data) VALUES (?)", [(encode(row),) for row in rows]
                )
                connection.execute("COMMIT")
        connection.close()

    def read(path: Path, n_features: int) -> csr_array:
        connection = sqlite3.connect(path)
        found = [
            decode(data, n_features)
            for (data,) in connection.execute("SELECT data FROM rows ORDER BY id")
        ]
        connection.close()
        indptr = np.cumsum([0, *(len(columns) for columns, _ in found)])
        columns, values = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return csr_array((values, columns, indptr), shape=(len(found), n_features))

    return Way(name, write, read)


def compressed(level: int, page_size: int = 8192) -> Way:
    return in_sqlite(
        f"the same, zlib level {level}",
        lambda row: zlib.compress(encode_row(row), level),
        lambda data, n: decode_row(zlib.decompress(data), n),
        page_size,
    )


def our_store() -> Way:
    """The store itself: seals checked, every transaction on disk before the next."""

    def open_store(path: Path, n_features: int) -> FeatureStore:
        specification = load_backbone("colour").specification | {"n_features": n_features}
        return FeatureStore(path, specification)

    def write(X: csr_array, path: Path) -> None:
        with open_store(path, X.shape[1]) as store:
            for start in range(0, X.shape[0], 16):
                rows = X[start : start + 16].toarray()
                store.write([f"{start + n:064x}" for n in range(len(rows))], rows)
        (path / "n").write_text(str(X.shape[0]))

    def read(path: Path, n_features: int) -> csr_array:
        with open_store(path, n_features) as store:
            return store.read([f"{n:064x}" for n in range(int((path / "n").read_text()))])

    return Way("**the store of this package**", write, read)


def ways() -> list[Way]:
    return [
        our_store(),
        in_sqlite("bits and values, pages of 8,192 bytes", encode_row, decode_row),
        *(
            in_sqlite(f"the same, pages of {n:,}", encode_row, decode_row, n)
            for n in (1024, 4096, 16384)
        ),
        compressed(1),
        compressed(6),
        in_sqlite(
            "the same, bytes shuffled, zlib level 1",
            lambda row: zlib.compress(shuffled(encode_row(row)), 1),
            lambda data, n: decode_row(unshuffled(zlib.decompress(data)), n),
        ),
        in_sqlite("bits and values, four bytes each always", float32_rows, decode_row),
        in_sqlite("plain float32 rows", plain, from_plain),
        Way(
            "`scipy.sparse.save_npz`, not compressed",
            lambda X, path: save_npz(path, X, compressed=False),
            lambda path, n: load_npz(path),
        ),
        Way(
            "`scipy.sparse.save_npz`, compressed (its default)",
            lambda X, path: save_npz(path, X),
            lambda path, n: load_npz(path),
        ),
    ]


def measure(way: Way, X: csr_array) -> list[str]:
    """Megabytes, seconds to write, seconds to read (the least of a few)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "features.npz")
        started = time.perf_counter()
        way.write(X, path)
        written = time.perf_counter() - started
        size = sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file())
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            again = way.read(path, X.shape[1])
            times.append(time.perf_counter() - started)
        assert (again != X).nnz == 0
    return [way.name, f"{size / 2**20:,.1f}", f"{written:.2f}", f"{min(times):.2f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", required=True)
    parser.add_argument("--name", required=True, help="what the features are, for the title")
    parser.add_argument("--n", type=int, default=5000)
    arguments = parser.parse_args()
    X = load_features(arguments.features).X
    whole = X
    while X.shape[0] < arguments.n:
        X = csr_array(vstack([X, whole])[: arguments.n])
    X = csr_array(X[: arguments.n])
    keep(
        f"storage_{arguments.name.replace(' ', '_').lower()}",
        f"Ways to keep features: {arguments.name}",
        f"{X.shape[0]:,} rows of {X.shape[1]:,} values, {X.nnz / np.prod(X.shape):.0%} of them not zero; dense they are {4 * np.prod(X.shape) / 2**20:,.0f} MB. "
        f"All ways are without loss, which is checked. Times to read are the least of {ROUNDS}.",
        table(["way", "MB", "s to write", "s to read"], [measure(way, X) for way in ways()]),
        command=f"python benchmarks/storage.py --features FOLDER --name '{arguments.name}'",
    )


if __name__ == "__main__":
    main()
