"""Engines: the same features from other kernels, and nothing kept that was not held against Keras."""

import json
from dataclasses import replace

import numpy as np
import pytest

from poster_analysis.collection.posters import read_collection
from poster_analysis.core.errors import InputError, RunError
from poster_analysis.extraction.backbones import hold_against_keras, load_backbone
from poster_analysis.extraction.engines import check_engine, for_batches, with_depthwise_layers
from poster_analysis.extraction.extract import extract
from poster_analysis.extraction.networks import _import_keras
from poster_analysis.extraction.store import FeatureStore
from poster_analysis.study.stages.extraction import _backbone_facts
from poster_analysis.words.findings import engine_findings

NAME = {"name": "mobilenet_0.25", "weights": "random", "batch_size": 4}
FRAMEWORK = {"backend": "tensorflow"}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (9, 224, 224, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def by_openvino():
    pytest.importorskip("openvino", reason='no OpenVINO here; run: pip install ".[openvino]"')
    return load_backbone(**NAME, engine="openvino")


@pytest.fixture(scope="module")
def by_keras():
    return load_backbone(**NAME)


@pytest.mark.parametrize(
    ("filters", "options"),
    [
        (6, {"padding": "same", "activation": "relu"}),
        (18, {"strides": 2, "use_bias": False}),
        (12, {"padding": "same", "dilation_rate": 2}),
    ],
)
def test_a_convolution_over_one_channel_becomes_the_layer_made_for_it(filters, options):
    keras, _ = _import_keras()
    pixels = keras.Input((16, 12, 6))
    layer = keras.layers.Conv2D(
        filters, (5, 3), groups=6, name="filter", bias_initializer="random_normal", **options
    )
    grouped = keras.Model(pixels, keras.layers.ReLU()(layer(pixels)))
    depthwise = with_depthwise_layers(keras, grouped)
    assert type(depthwise.get_layer("filter")) is keras.layers.DepthwiseConv2D
    x = np.random.default_rng(0).standard_normal((2, 16, 12, 6)).astype(np.float32)
    one, other = (model.predict(x, verbose=0) for model in (grouped, depthwise))
    assert np.abs(one).max() > 0.1
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_other_convolutions_stay_what_they_are():
    keras, _ = _import_keras()
    pixels = keras.Input((8, 8, 6))
    x = keras.layers.Conv2D(6, 3, groups=3)(pixels)
    model = keras.Model(pixels, keras.layers.Conv2D(4, 1)(x))
    assert with_depthwise_layers(keras, model) is model


def test_openvino_computes_the_features_of_keras(by_openvino, by_keras, images):
    held = hold_against_keras(by_openvino, images)
    assert held.engine_check["lowest_cosine"] >= 0.9999 and held.engine_check["n_compared"] == 4
    assert not held.engine_check["open"] and held._by_keras is None
    np.testing.assert_allclose(
        held.transform(images), by_keras.transform(images), rtol=1e-3, atol=1e-3
    )


def test_a_row_of_openvino_does_not_depend_on_the_others(by_openvino, images):
    together = by_openvino.transform(images)
    assert by_openvino.transform(images[-1:]).tobytes() == together[-1:].tobytes()
    assert (
        load_backbone(**NAME, engine="openvino").transform(images).tobytes() == together.tobytes()
    )


def test_the_engine_is_part_of_what_identifies_features(by_openvino, by_keras):
    assert by_openvino.digest != by_keras.digest
    assert by_openvino.specification["framework"]["engine"] == "openvino"
    assert "engine" not in by_keras.specification["framework"]  # as before there were others
    assert json.loads(json.dumps(by_openvino.specification)) == by_openvino.specification


def checked(backbone, by_keras, engine="openvino"):
    """A backbone that says of itself that another engine computes it."""
    framework = backbone.specification["framework"] | {"engine": engine, "engine_version": "1.0"}
    return replace(
        backbone,
        specification=backbone.specification | {"framework": framework},
        engine_check=backbone.engine_check | {"engine": engine, "open": True},
        _by_keras=by_keras,
    )


def never(images):
    raise AssertionError("there was nothing to compare")


@pytest.mark.parametrize(
    ("lowest", "precision", "passes"),
    [
        (0.9999, "float32", True),
        (0.99989, "float32", False),
        (0.99989, "bfloat16", True),
        (0.9989, "bfloat16", False),
        (float("nan"), "float32", False),
    ],
)
def test_an_engine_that_computes_something_else_is_refused(lowest, precision, passes):
    colour = checked(load_backbone("colour"), never)
    colour = replace(colour, specification=colour.specification | {"precision": precision})
    images = np.zeros((3, *colour.input_size, 3), np.uint8)
    if passes:
        held = hold_against_keras(colour, images, lowest_cosine=lowest)
        assert held.engine_check["lowest_cosine"] == lowest
        assert hold_against_keras(held, images) is held
        return
    with pytest.raises(RunError, match="take the engine keras") as caught:
        hold_against_keras(colour, images, lowest_cosine=lowest)
    assert "\n" not in str(caught.value)


def test_a_run_compares_once_and_keeps_what_it_found(drawn, tmp_path):
    posters, colour = read_collection(drawn.posters, limit=5), load_backbone("colour")
    nearly = checked(colour, lambda images: colour._maps(images) + np.float32(1e-6))
    first = extract(posters, nearly, tmp_path, progress=False)
    found = first.backbone.engine_check
    assert 0.9999 < found["lowest_cosine"] < 1 and found["n_compared"] == 5
    again = extract(posters, checked(colour, never), tmp_path, progress=False)
    assert again.backbone.engine_check == found and again.n_computed == 0
    facts = _backbone_facts(again.backbone)
    assert facts["engine"] == "OpenVINO 1.0"
    (sentence,) = engine_findings(facts)
    assert "OpenVINO 1.0" in sentence and "5 posters" in sentence and "0.99" in sentence


def test_a_run_by_a_faulty_engine_keeps_nothing(drawn, tmp_path):
    posters, colour = read_collection(drawn.posters, limit=5), load_backbone("colour")
    faulty = checked(colour, lambda images: colour._maps(images[:, ::-1]))
    with pytest.raises(RunError, match="OpenVINO computes other features of colour"):
        extract(posters, faulty, tmp_path, progress=False)
    with FeatureStore(tmp_path, faulty.specification) as store:
        assert len(store) == 0


def test_what_is_not_installed_is_named_with_the_way_out(monkeypatch):
    monkeypatch.setattr("poster_analysis.core.extras.missing", lambda extra: [extra])
    with pytest.raises(InputError, match=r"pip install .*openvino.*engine keras"):
        check_engine("openvino", FRAMEWORK)
    check_engine("keras", FRAMEWORK)


@pytest.mark.parametrize("engine", ["onnx", "OpenVINO", ""])
def test_another_engine_is_answered_with_those_there_are(engine):
    with pytest.raises(InputError, match="keras, openvino"):
        load_backbone("mobilenet_0.25", engine=engine)


def test_colour_has_no_engine():
    with pytest.raises(InputError, match="no engine"):
        load_backbone("colour", engine="openvino")


def test_features_of_keras_are_recorded_as_before_there_were_engines():
    colour = load_backbone("colour")
    assert not {"engine", "engine_cosine"} & set(_backbone_facts(colour))
    assert engine_findings(_backbone_facts(colour)) == []


class Holding:
    """A model on a device that has room for some images."""

    def __init__(self, batch_size, *, room, error=MemoryError):
        self.input_shape, self.room, self.error = (batch_size, 2, 2, 3), room, error

    def predict_on_batch(self, images):
        if len(images) > self.room:
            raise self.error(f"no room for {len(images)}")


@pytest.mark.parametrize(("room", "found"), [(64, 64), (63, 32), (1, 1)])
def test_a_batch_is_halved_until_the_device_has_the_memory(room, found):
    model = for_batches(lambda size: Holding(size, room=room), None, "gpu")
    assert model.input_shape[0] == found


def test_only_want_of_memory_halves_a_batch_and_one_image_must_fit():
    with pytest.raises(MemoryError, match="no room for 1"):
        for_batches(lambda size: Holding(size, room=0), None, "gpu")
    with pytest.raises(ValueError, match="no room for 64"):
        for_batches(lambda size: Holding(size, room=4, error=ValueError), None, "gpu")


@pytest.mark.parametrize(("asked", "device", "found"), [(None, "cpu", 16), (7, "gpu", 7)])
def test_a_processor_takes_sixteen_and_whoever_asks_gets_what_was_asked_for(asked, device, found):
    assert for_batches(lambda size: Holding(size, room=0), asked, device).input_shape[0] == found
