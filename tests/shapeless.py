"""Collections without groups, of the kinds that features come in, and collections with planted groups."""

import numpy as np


def latent(rng, n_rows, n_features, rank=10):
    """A cloud with a few dominant directions and noise."""
    axes = rng.normal(size=(rank, n_features)) / np.sqrt(np.arange(1, rank + 1))[:, None]
    return rng.normal(size=(n_rows, rank)) @ axes + 0.7 * rng.normal(size=(n_rows, n_features))


def _on_a_sphere(rng, n_rows, n_dimensions):
    points = rng.normal(size=(n_rows, n_dimensions))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def _flat(points, rng, n_features):
    """Points in a random subspace, away from the origin, with a little noise."""
    placed = points @ rng.normal(size=(points.shape[1], n_features)) + 3 * rng.normal(
        size=n_features
    )
    return placed + 0.1 * rng.normal(size=placed.shape)


def _bent(points, rng, n_features):
    """Points on a smooth surface: every feature is a wave across them."""
    waves = points @ rng.normal(size=(points.shape[1], n_features))
    return np.cos(waves + rng.uniform(0, 2 * np.pi, n_features)) + 0.1 * rng.normal(
        size=waves.shape
    )


def _network(rng, n_rows, n_features, n_layers):
    """What a random ReLU network makes of one Gaussian."""
    values = rng.normal(size=(n_rows, 20))
    for _ in range(n_layers):
        weights = rng.normal(size=(values.shape[1], 100)) * np.sqrt(2 / values.shape[1])
        values = np.maximum(values @ weights + 0.1 * rng.normal(size=100), 0)
    return np.maximum(values @ rng.normal(size=(100, n_features)) / np.sqrt(50), 0)


def _with_copies(X):
    n_copies = len(X) // 5
    return np.vstack([X[:-n_copies], X[:n_copies]])


def _permuted(X, rng):
    """Every feature dealt out anew: nothing goes together any more."""
    return np.column_stack([rng.permutation(column) for column in X.T])


SHAPELESS = {
    "Gaussian": lambda rng, n, p: latent(rng, n, p) + 1.5 + 0.5 * rng.normal(size=p),
    "heavy-tailed": lambda rng, n, p: latent(rng, n, p) / np.sqrt(rng.chisquare(3, (n, 1)) / 3) + 1,
    "skewed": lambda rng, n, p: np.exp(0.8 * latent(rng, n, p)),
    "rectified": lambda rng, n, p: np.maximum(latent(rng, n, p) - 0.8, 0),
    "columns permuted": lambda rng, n, p: _permuted(_four_looks(rng, n, p), rng),
    "1 % outliers": lambda rng, n, p: (
        latent(rng, n, p) + 1.5 + (np.arange(n) < n // 100)[:, None] * 8 * rng.normal(size=(n, p))
    ),
    "a fifth copies": lambda rng, n, p: _with_copies(np.maximum(rng.normal(size=(n, p)), 0)),
    "line": lambda rng, n, p: _flat(rng.uniform(-1, 1, (n, 1)), rng, p),
    "curve": lambda rng, n, p: _bent(rng.uniform(0, 4, (n, 1)), rng, p),
    "sheet": lambda rng, n, p: _bent(rng.uniform(0, 2, (n, 2)), rng, p),
    "circle": lambda rng, n, p: _flat(_on_a_sphere(rng, n, 2), rng, p),
    "sphere": lambda rng, n, p: _flat(_on_a_sphere(rng, n, 3), rng, p),
    "ball": lambda rng, n, p: _flat(
        _on_a_sphere(rng, n, 3) * rng.uniform(0, 1, (n, 1)) ** (1 / 3), rng, p
    ),
    "network, 1 layer": lambda rng, n, p: _network(rng, n, p, 1),
    "network, 3 layers": lambda rng, n, p: _network(rng, n, p, 3),
}


def _looks(rng, n_rows, n_features, labels, strength=2.0):
    """Looks added to a cloud, rectified as features are."""
    looks = strength * rng.normal(size=(labels.max() + 1, n_features))
    return np.maximum(latent(rng, n_rows, n_features) + looks[labels] - 0.5, 0)


def _four_looks(rng, n, p):
    return _looks(rng, n, p, rng.integers(0, 4, n))


def _long_row(rng, n, p):
    X = _four_looks(rng, n, p)
    X[0] *= 100
    return X


def _nested(rng, n, p):
    outer, inner = 5 * rng.normal(size=(3, p)), 2.5 * rng.normal(size=(9, p))
    labels = rng.integers(0, 9, n)
    return latent(rng, n, p) + outer[labels // 3] + inner[labels]


def _unequal(rng, n, p):
    labels, looks = rng.integers(0, 3, n), 2.5 * rng.normal(size=(3, p))
    return latent(rng, n, p) * np.array([0.5, 1, 1.5])[labels][:, None] + looks[labels]


def _two_along_one(rng, n, p):
    sides = rng.choice([-1, 1], size=(n, 1))
    return latent(rng, n, p) + 2 * sides * rng.normal(size=p) + 3


# each with the levels that are right; "apart" for a small group in a cloud
PLANTED = {
    "four looks": (_four_looks, [4]),
    "four looks, one row 100 times as long": (_long_row, [4]),
    "seven looks": (lambda rng, n, p: _looks(rng, n, p, rng.integers(0, 7, n)), [7]),
    "20 and 80 %": (
        lambda rng, n, p: _looks(rng, n, p, (rng.random(n) < 0.2).astype(int)),
        [2],
    ),
    "two along one direction": (_two_along_one, [2]),
    "three groups of three": (_nested, [3, 9]),
    "unequal spread": (_unequal, [3]),
    "a 5 % group": (
        lambda rng, n, p: _looks(rng, n, p, (np.arange(n) < n // 20).astype(int)),
        "apart",
    ),
}


def make(kind, seed, n_rows=200, n_features=300):
    """Features of one kind, float32."""
    rng = np.random.default_rng([seed, 77])
    change = SHAPELESS[kind] if kind in SHAPELESS else PLANTED[kind][0]
    return change(rng, n_rows, n_features).astype(np.float32)
