"""Where ImageNet's weights cannot be had: the demo goes on with random ones and says so, a study stops."""

import pytest

from poster_analysis.core.errors import InputError
from poster_analysis.study.stages import extraction


@pytest.fixture
def unreachable(monkeypatch):
    """The backbones of a machine that cannot reach the address of the weights."""
    load = extraction.load_backbone

    def without_imagenet(name, **wanted):
        if wanted["weights"] == "imagenet":
            raise InputError("ImageNet weights cannot be fetched")
        return load(name, **wanted)

    monkeypatch.setattr(extraction, "load_backbone", without_imagenet)


@pytest.fixture
def asked(small_parameters):
    """What is asked of a network."""
    return small_parameters.changed(backbone="mobilenet_0.25", pooling="average")


def test_the_demo_goes_on_with_random_weights_and_warns(unreachable, asked):
    backbone, used = extraction.backbone_of(asked, random_if_unreachable=True)
    assert asked.weights == "imagenet" and used == asked.changed(weights="random")
    assert backbone.weights.startswith("random") and len(backbone.warnings) == 1


def test_a_study_stops(unreachable, asked):
    with pytest.raises(InputError, match="cannot be fetched"):
        extraction.backbone_of(asked)


def test_weights_that_were_named_are_never_replaced(unreachable, asked):
    named = asked.changed(weights="no-such-file.weights.h5")
    with pytest.raises(InputError, match=r"no-such-file"):
        extraction.backbone_of(named, random_if_unreachable=True)
