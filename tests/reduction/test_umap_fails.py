"""UMAP that has nowhere to write what it compiles, or that fails in whatever way, costs nobody a study."""

import errno
from pathlib import Path

import numpy as np
import pytest

from poster_analysis.core.errors import RunError
from poster_analysis.reduction import umap
from poster_analysis.reduction.umap import poster_map

X = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)
NOWHERE = RuntimeError(
    "cannot cache function 'rdist': no locator available for file 'distances.py'"
)
FAILURES = [NOWHERE, OSError(errno.ENOSPC, "No space left on device"), ImportError("broken\nlines"), KeyError("getpwuid(): uid not found")]  # fmt: skip


@pytest.fixture
def installed(monkeypatch):
    """UMAP counts as installed, whether it is or not."""
    monkeypatch.setattr(umap, "missing", lambda extra: [])
    pytest.importorskip("numba")


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_pca_takes_its_place_and_says_why(installed, monkeypatch, error):
    def fail():
        raise error

    monkeypatch.setattr(umap, "_umap_class", fail)
    made = poster_map(X)
    assert made.method == "pca" and made.reason.startswith(
        f"PCA because UMAP fails here ({type(error).__name__}"
    )
    assert "\n" not in made.reason and np.isfinite(made.xy).all()
    with pytest.raises(RunError, match="take the map method pca"):
        poster_map(X, method="umap")


def test_a_temporary_folder_is_used_where_there_is_no_other(installed, monkeypatch):
    from numba import config

    monkeypatch.setattr(config, "CACHE_DIR", "")
    asked = []

    class Model:
        def __init__(self, **_):
            pass

        def fit_transform(self, start):
            return start

    def find():
        asked.append(config.CACHE_DIR)
        if len(asked) == 1:
            raise NOWHERE
        assert Path(config.CACHE_DIR).is_dir()
        return Model

    monkeypatch.setattr(umap, "_umap_class", find)
    assert poster_map(X).method == "umap"
    assert asked[0] == "" and Path(asked[1]).name.startswith("numba-")


def test_too_little_memory_is_not_taken_for_a_failure_of_umap(installed, monkeypatch):
    def fail():
        raise MemoryError("Unable to allocate 9 GiB")

    monkeypatch.setattr(umap, "_umap_class", fail)
    with pytest.raises(MemoryError):
        poster_map(X)
