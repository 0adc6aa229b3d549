"""Does the description of a layer have its type and every field, and make the same layer again?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

import chainrule as cr
from chainrule.layers import from_description

LAYERS = [
    cr.Dropout(0.2),
    cr.AlphaDropout(0.3),
    cr.GaussianNoise(0.5),
    cr.LayerNorm(epsilon=0.01),
    cr.BatchNorm(0.2, epsilon=0.01),
    cr.Scale(2.0),
    cr.Rescale(0.5, offset=-1.0),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.type)
def test_a_description_makes_the_same_layer(layer: Any) -> None:
    described = layer.describe()
    assert described.pop("type") == layer.type
    assert described == asdict(layer)
    assert from_description(layer.describe()) == layer
