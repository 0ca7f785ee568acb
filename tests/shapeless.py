"""Collections without structure, of the kinds that features come in, and collections with planted structure."""

import numpy as np


def latent(rng, n_rows, n_features, rank=10):
    """A cloud with a few dominant directions and noise."""
    axes = rng.normal(size=(rank, n_features)) / np.sqrt(np.arange(1, rank + 1))[:, None]
    return rng.normal(size=(n_rows, rank)) @ axes + 0.7 * rng.normal(size=(n_rows, n_features))


SHAPELESS = {
    "Gaussian": lambda cloud, rng: cloud + 1.5 + 0.5 * rng.normal(size=cloud.shape[1]),
    "heavy-tailed": lambda cloud, rng: cloud / np.sqrt(rng.chisquare(4, (len(cloud), 1)) / 4) + 1,
    "skewed": lambda cloud, _: np.exp(0.8 * cloud),
    "rectified": lambda cloud, _: np.maximum(cloud - 0.8, 0),
}


def _four_looks(cloud, rng):
    looks = 2 * rng.normal(size=(4, cloud.shape[1]))
    return np.maximum(cloud + looks[rng.integers(0, 4, len(cloud))] - 0.5, 0)


def _two_along_one(cloud, rng):
    sides = rng.choice([-1, 1], size=(len(cloud), 1))
    return cloud + 2 * sides * rng.normal(size=cloud.shape[1]) + 3


PLANTED = {"four looks": (_four_looks, 4), "two along one component": (_two_along_one, 2)}


def make(kind, seed, n_rows=200, n_features=500):
    """Features of one kind, float32."""
    rng = np.random.default_rng([seed, 77])
    change = SHAPELESS[kind] if kind in SHAPELESS else PLANTED[kind][0]
    return change(latent(rng, n_rows, n_features), rng).astype(np.float32)
