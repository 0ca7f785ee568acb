"""Backbones: what goes into a specification, what comes out of a poster."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from poster_analysis.collection.images import read_image, resize_image
from poster_analysis.core.errors import InputError, RunError
from poster_analysis.extraction import backbones
from poster_analysis.extraction.backbones import load_backbone, pool, settle_precision

NAME = "mobilenet_0.25"


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (9, 224, 224, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def mobilenet():
    return load_backbone(NAME, weights="random", batch_size=4)


@pytest.fixture(scope="module")
def colour():
    return load_backbone("colour")


def small(n, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 96, 64, 3), dtype=np.uint8)


def test_colour_needs_no_framework():
    code = (
        "import sys; from poster_analysis.extraction.backbones import load_backbone; load_backbone('colour');"
        "assert not {'tensorflow', 'keras', 'torch', 'jax'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ), timeout=120)


@pytest.mark.parametrize("n", [1, 4, 5, 9])
def test_a_row_does_not_depend_on_the_others(mobilenet, images, n):
    together = mobilenet.transform(images)
    assert mobilenet.transform(images[-n:]).tobytes() == together[-n:].tobytes()


def test_no_images_are_a_matrix_without_rows(colour):
    assert colour.transform(small(0)).shape == (0, colour.n_features)


def test_pooled_features_are_the_flattened_ones_pooled(mobilenet, images):
    pooling = "generalised_mean"
    pooled = load_backbone(NAME, weights="random", batch_size=4, pooling=pooling)
    flat = mobilenet.transform(images).reshape(-1, 7, 7, 256)
    assert pooled.n_features == 256
    assert pooled.transform(images).tobytes() == pool(flat, pooling=pooling).tobytes()


def test_pooling_is_what_its_formula_says():
    maps = np.random.default_rng(0).standard_normal((3, 5, 4, 6)).astype(np.float32)
    average, largest = maps.mean(axis=(1, 2)), maps.max(axis=(1, 2))
    np.testing.assert_array_equal(pool(maps, pooling="average"), average)
    np.testing.assert_array_equal(pool(maps, pooling="max"), largest)
    positive = np.abs(maps)
    generalised = pool(positive, pooling="generalised_mean")
    expected = (positive.astype(float) ** 3).mean(axis=(1, 2)) ** (1 / 3)
    np.testing.assert_allclose(generalised, expected, rtol=1e-6)
    assert np.isfinite(pool(maps, pooling="generalised_mean")).all()
    assert (pool(maps).reshape(maps.shape) == maps).all()
    with pytest.raises(InputError, match="no map to pool"):
        pool(maps[:, 0, 0], pooling="max")


def test_every_option_that_changes_a_value_changes_the_digest(colour):
    others = [
        load_backbone("colour", pooling="max"),
        load_backbone("colour", resize="padded"),
        load_backbone("colour", batch_size=3),
        load_backbone(NAME, weights="random"),
        load_backbone(NAME, weights="random", random_state=1),
        load_backbone(NAME, weights="random", precision="bfloat16"),
        load_backbone(NAME, weights="random", layer="conv_pw_12_relu"),
    ]
    assert len({colour.digest, *(other.digest for other in others)}) == 8
    assert load_backbone("colour").digest == colour.digest
    for backbone in (colour, *others):
        again = json.loads(json.dumps(backbone.specification))
        assert again == backbone.specification


def test_where_the_weights_came_from_does_not_change_the_digest(mobilenet, tmp_path):
    import keras

    from poster_analysis.extraction import networks

    model = networks._build(keras, NAME)
    networks._set_random_weights(model, 0)
    path = tmp_path / "mine.weights.h5"
    model.save_weights(path)
    mine = load_backbone(NAME, weights=str(path), batch_size=4)
    assert mine.specification == mobilenet.specification
    assert (mine.weights, mobilenet.weights) == ("mine.weights.h5", "random")
    assert mobilenet.warnings and not mine.warnings


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 96, 64, 3), np.float32),
        np.zeros((2, 64, 96, 3), np.uint8),
        np.zeros((96, 64, 3), np.uint8),
    ],
)
def test_images_of_another_kind_are_refused(colour, images):
    with pytest.raises(InputError, match=r"\(n, 96, 64, 3\)"):
        colour.transform(images)


def test_values_that_are_not_finite_are_an_error(colour):
    from dataclasses import replace

    broken = replace(colour, _maps=lambda images: np.full((len(images), 6, 4, 125), np.inf))
    with pytest.raises(RunError, match="not finite"):
        broken.transform(small(1))


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ({"name": "vgg17"}, "vgg16"),
        ({"name": "zzz"}, "colour"),
        ({"name": "mobilenet"}, "mobilenet_0.75"),
        ({"name": "colour", "pooling": "sum"}, "generalised_mean"),
        ({"name": "colour", "resize": "cropped"}, "nearest"),
        ({"name": "colour", "precision": "float16"}, "bfloat16"),
        ({"name": "colour", "precision": "bfloat16"}, "one precision"),
        ({"name": "colour", "weights": "my.h5"}, "no weights"),
        ({"name": "colour", "layer": "fc1"}, "no layers"),
        ({"name": "colour", "batch_size": 0}, "at least 1"),
        ({"name": NAME, "weights": "random", "layer": "predictions", "pooling": "max"}, "flatten"),
        ({"name": NAME, "weights": "my.h5"}, "random"),
    ],
)
def test_a_mistake_is_answered_in_one_line_with_the_way_out(arguments, hint):
    with pytest.raises(InputError) as caught:
        load_backbone(**arguments)
    assert hint in str(caught.value) and "\n" not in str(caught.value)


@pytest.fixture
def gaining(monkeypatch):
    """A machine and a table of networks for which bfloat16 pays."""
    from dataclasses import replace

    monkeypatch.setattr(backbones, "_cpu_flags", lambda: {"avx512_bf16"})
    faster = backbones.NETWORKS | {NAME: replace(backbones.NETWORKS[NAME], bfloat16_pays=True)}
    monkeypatch.setattr(backbones, "NETWORKS", faster)


def test_auto_is_float32_until_posters_have_been_compared(gaining, mobilenet):
    auto = load_backbone(NAME, weights="random", batch_size=4, precision="auto")
    assert auto.precision_choice["open"]
    assert auto.specification == mobilenet.specification


@pytest.mark.parametrize(("lowest", "used"), [(0.9989, "float32"), (None, None)])
def test_auto_takes_the_fast_way_only_if_it_is_faithful(gaining, images, lowest, used):
    auto = load_backbone(NAME, weights="random", batch_size=4, precision="auto")
    settled = settle_precision(auto, images, lowest_cosine=lowest)
    choice = settled.precision_choice
    if lowest is None:
        used = "bfloat16" if choice["lowest_cosine"] >= 0.999 else "float32"
        assert 0.9 < choice["lowest_cosine"] < 1
    assert settled.precision == choice["used"] == used
    assert not choice["open"] and choice["n_compared"] == 9
    assert settle_precision(settled, images) is settled
    asked_for = load_backbone(NAME, weights="random", batch_size=4, precision=used)
    assert settled.specification == asked_for.specification


def test_auto_is_float32_where_bfloat16_does_not_pay(gaining, monkeypatch):
    monkeypatch.setattr(backbones, "_cpu_flags", set)
    auto = load_backbone(NAME, weights="random", precision="auto")
    assert not auto.precision_choice["open"] and auto.precision == "float32"
    assert "no bfloat16" in auto.precision_choice["reason"]


def test_real_weights_see_real_posters(real_data):
    """Flattened MobileNet 0.75: sparse, never negative, and its neighbours are more alike than strangers."""
    home = os.environ.get("KERAS_HOME", "")
    if not os.path.isdir(os.path.join(home, "models")):  # noqa: PTH112, PTH118
        pytest.skip("KERAS_HOME names no folder with weights")
    folder = real_data / "posters"
    paths = sorted((folder if folder.is_dir() else real_data).glob("*.jpg"))[:32]
    network = load_backbone("mobilenet_0.75")
    X = network.transform(np.stack([resize_image(read_image(path)) for path in paths]))
    assert (X >= 0).all() and 0.1 < (X > 0).mean() < 0.4
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    cosines = (X @ X.T)[np.triu_indices(32, 1)]
    assert 0.05 < cosines.mean() < 0.6 and cosines.std() > 0.02
