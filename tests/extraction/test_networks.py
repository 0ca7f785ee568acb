"""Networks: the same numbers for a poster wherever, whenever and beside whatever it is computed."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from poster_analysis.core.errors import InputError
from poster_analysis.extraction import networks
from poster_analysis.extraction.networks import NETWORKS, load_network

NAME = "mobilenet_0.25"


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (4, 224, 224, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def network():
    return load_network(NAME, weights="random", batch_size=4)


@pytest.fixture(scope="module")
def files(network, tmp_path_factory):
    """Files with the random weights of the small network, and one that is no such file."""
    folder = tmp_path_factory.mktemp("weights")
    keras, _ = networks._import_keras()
    for include_top, name in ((False, "without_top"), (True, "with_top")):
        model = networks._build(keras, NAME, include_top=include_top)
        networks._set_random_weights(model, 0)
        model.save_weights(folder / f"{name}.weights.h5")
    model.save(folder / "whole.keras")
    (folder / "garbage.weights.h5").write_bytes(b"no weights at all")
    shutil.copy(folder / "without_top.weights.h5", folder / "gap.weights.h5")
    with h5py.File(folder / "gap.weights.h5", "a") as file:
        gap = next(name for name in file["layers"] if "vars" in file["layers"][name])
        del file["layers"][gap]
    return folder


def test_values_do_not_depend_on_the_rest_of_the_batch(network, images):
    together = network.maps(images)
    for place in range(4):
        batch = np.zeros_like(images)
        batch[place] = images[3]
        assert network.maps(batch)[place].tobytes() == together[3].tobytes()


def test_the_network_is_that_of_keras_with_its_own_preprocessing(network, images, files):
    import keras

    model = keras.applications.MobileNet(
        alpha=0.25, include_top=False, weights=None, input_shape=(224, 224, 3)
    )
    model.load_weights(files / "without_top.weights.h5")
    pixels = keras.applications.mobilenet.preprocess_input(images.astype(np.float32))
    np.testing.assert_allclose(
        network.maps(images), model.predict(pixels, verbose=0), rtol=1e-3, atol=1e-3
    )


def test_vgg_gets_blue_before_red_and_the_mean_taken_off(images):
    import keras

    network = load_network("vgg16", weights="random", layer="block1_conv1", batch_size=1)
    model = networks._build(keras, "vgg16")
    networks._set_random_weights(model, 0)
    kernel, bias = (np.asarray(w) for w in model.get_layer("block1_conv1").weights)
    patch = images[0, 99:102, 99:102, ::-1] - np.array([103.939, 116.779, 123.68])
    expected = np.maximum(np.tensordot(patch, kernel, axes=3) + bias, 0)
    np.testing.assert_allclose(
        network.maps(images[:1])[0, 100, 100], expected, rtol=1e-4, atol=1e-3
    )


@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("resnet50", "conv5_block3_out", (7, 7, 2048)),
        ("efficientnetv2b0", "top_activation", (7, 7, 1280)),
        ("convnexttiny", "layer_normalization", (7, 7, 768)),
        ("vgg19", "block5_pool", (7, 7, 512)),
    ],
)
def test_the_other_families_can_be_built(name, layer, shape):
    network = load_network(name, weights="random", batch_size=2)
    assert (network.layer, network.shape) == (layer, (2, *shape))
    assert network.input_size == (NETWORKS[name].size,) * 2
    assert ("grouped_convolutions" in network.framework) == name.startswith("convnext")


def test_keras_settings_are_put_back():
    import keras

    before = keras.config.dtype_policy().name, keras.config.image_data_format()
    load_network(NAME, weights="random", precision="bfloat16")
    with pytest.raises(InputError):
        load_network(NAME, weights="no_such_file", precision="bfloat16")
    assert (keras.config.dtype_policy().name, keras.config.image_data_format()) == before


def test_half_precision_computes_nearly_the_same_from_the_same_weights(network, images):
    half = load_network(NAME, weights="random", batch_size=4, precision="bfloat16")
    a = network.maps(images).reshape(4, -1)
    b = np.asarray(half.maps(images), dtype=np.float32).reshape(4, -1)
    cosines = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert half.weights_digest == network.weights_digest
    assert not np.array_equal(a, b) and cosines.min() > 0.95


@pytest.mark.parametrize("file", ["without_top.weights.h5", "with_top.weights.h5", "whole.keras"])
def test_a_file_gives_the_weights_that_are_in_it(network, files, file):
    from_file = load_network(NAME, weights=files / file, batch_size=4)
    assert from_file.layer == network.layer
    if file == "without_top.weights.h5":
        assert from_file.weights_digest == network.weights_digest
    else:
        assert len(from_file.weights_digest) == 64


@pytest.mark.parametrize(
    ("name", "file", "said"),
    [
        (NAME, "garbage.weights.h5", "no whole file of weights"),
        (NAME, "gap.weights.h5", "does not hold the weights"),
        ("mobilenet_0.5", "without_top.weights.h5", "does not hold the weights"),
    ],
)
def test_a_file_that_does_not_fit_is_an_error_in_one_line(files, name, file, said):
    with pytest.raises(InputError, match=said) as caught:
        load_network(name, weights=files / file)
    assert file in str(caught.value) and "\n" not in str(caught.value)


def test_a_layer_has_one_name_however_many_networks_were_built(network):
    keras, _ = networks._import_keras()
    names = [
        list(networks._layers(keras, networks._build(keras, NAME, include_top=True))) for _ in "ab"
    ]
    assert names[0] == names[1] and "reshape" in names[0]


def test_a_dense_layer_gives_rows_without_a_map(images):
    network = load_network(NAME, weights="random", layer="predictions", batch_size=4)
    assert network.shape == (4, 1000)
    together = network.maps(images)
    alone = network.maps(np.concatenate([images[3:], np.zeros_like(images[:3])]))
    assert together[3].tobytes() == alone[0].tobytes()
    with pytest.raises(InputError, match="has no layer"):
        load_network(NAME, weights="random", layer="input_layer")


FRESH = """
import json, sys
from poster_analysis.core.errors import InputError
from poster_analysis.extraction.networks import load_network
found = {"digest": load_network("mobilenet_0.25", weights="random").weights_digest}
try:
    load_network("mobilenet_0.25")
except InputError as error:
    found["error"] = str(error)
print(json.dumps(found))
"""


def test_in_a_fresh_process_without_a_network_connection(network, tmp_path):
    """The weights come out the same; TensorFlow is quiet; the two ways out are named."""
    nowhere = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy")}
    environment = {
        k: v for k, v in os.environ.items() if k.lower() not in ("no_proxy", "all_proxy")
    }
    environment |= nowhere | {"KERAS_HOME": str(tmp_path)}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FRESH)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    found = json.loads(result.stdout)
    assert found["digest"] == network.weights_digest
    assert "\n" not in found["error"]
    for part in ("mobilenet_2_5_224_tf_no_top.h5", str(tmp_path / "models"), "weights random"):
        assert part in found["error"]
    assert result.stderr == ""


def test_a_framework_that_is_not_installed_is_an_error_in_one_line():
    code = "from poster_analysis.extraction.networks import load_network; load_network('vgg16')"
    environment = os.environ | {"KERAS_BACKEND": "no_such_framework"}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300
    )
    assert "InputError" in result.stderr.splitlines()[-1]
    assert "KERAS_BACKEND=no_such_framework" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("file", "length", "said"),
    [
        ("without_top.weights.h5", 9000, "cut short"),
        ("without_top.weights.h5", 0, "empty"),
        ("whole.keras", 9000, "cut short"),
        ("whole.keras", 0, "empty"),
        ("garbage.weights.h5", 10, "no HDF5 file"),
    ],
)
def test_a_file_of_weights_that_is_not_whole_is_named_as_such(files, tmp_path, file, length, said):
    cut = tmp_path / file
    cut.write_bytes((files / file).read_bytes()[:length])
    with pytest.raises(InputError) as caught:
        load_network(NAME, weights=cut)
    line = str(caught.value)
    assert said in line and str(cut) in line and "delete it" in line and "\n" not in line


def test_a_download_that_was_stopped_is_named_and_not_called_unreachable(
    files, tmp_path, monkeypatch
):
    keras, _ = networks._import_keras()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    cut = tmp_path / "models" / "mobilenet_2_5_224_tf_no_top.h5"
    cut.parent.mkdir()
    cut.write_bytes((files / "without_top.weights.h5").read_bytes()[:9000])

    def fail(*_, **__):
        raise OSError("Unable to synchronously open file (truncated file: eof = 9000)")

    monkeypatch.setattr(networks, "_build", fail)
    with pytest.raises(InputError, match=r"cut short.*delete it") as caught:
        networks._fetch_weights(keras, NAME, include_top=False)
    assert str(cut) in str(caught.value)

    def fail_and_take_it_away(*_, **__):  # as Keras does with a network whose digest it knows
        cut.unlink()
        raise OSError("URL fetch failure on https://x/vgg16.h5: None -- timed out")

    monkeypatch.setattr(networks, "_build", fail_and_take_it_away)
    with pytest.raises(InputError, match="has been deleted, but cannot be fetched again"):
        networks._fetch_weights(keras, NAME, include_top=False)

    def too_much(*_, **__):
        raise MemoryError("Unable to allocate 500 MiB")

    monkeypatch.setattr(networks, "_build", too_much)
    with pytest.raises(MemoryError):
        networks._fetch_weights(keras, NAME, include_top=False)


@pytest.mark.parametrize(("cards", "device"), [([], "cpu"), (["one"], "gpu")])
def test_a_graphics_card_that_tensorflow_sees_is_used_and_gives_the_same_bits(cards, device):
    asked = []
    config = SimpleNamespace(
        list_physical_devices=lambda kind: cards if kind == "GPU" else [],
        experimental=SimpleNamespace(enable_op_determinism=lambda: asked.append("determinism")),
    )
    assert networks._device("tensorflow", SimpleNamespace(config=config)) == device
    assert asked == ["determinism"] * len(cards)
