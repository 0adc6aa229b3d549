"""Do the library's own errors tell what they know, and travel between processes?"""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import chainrule as cr


def test_a_divergence_error_has_its_numbers_and_says_them() -> None:
    error = cr.DivergenceError(step=7, epoch=2, layer=1, learning_rate=0.5)
    for twin in (error, pickle.loads(pickle.dumps(error))):
        assert isinstance(twin, RuntimeError)
        assert (twin.step, twin.epoch, twin.layer, twin.learning_rate) == (7, 2, 1, 0.5)
        assert str(twin).startswith(
            "training diverged in step 7 (epoch 2) at layer 1 with learning"
        )
        assert "smaller learning rate" in str(twin)


def test_a_model_file_error_is_a_value_error() -> None:
    assert issubclass(cr.ModelFileError, ValueError)
    error = cr.ModelFileError("words")
    assert str(pickle.loads(pickle.dumps(error))) == "words"


def test_a_step_that_diverges_updates_nothing(dtype: str) -> None:
    net = cr.mlp([2, 3, 1], dtype=dtype, seed=0)
    x, y = np.ones((4, 2)), np.zeros(4)
    large = 1e25 if dtype == "float32" else 1e200
    net.set_weights([w * large for w in net.weights])
    before = [w.tobytes() for w in net.weights]
    with pytest.raises(cr.DivergenceError) as raised:
        net.train_step(x, y, optimizer=cr.SGD(0.25))
    assert [w.tobytes() for w in net.weights] == before
    assert (raised.value.epoch, raised.value.step) == (0, 1)
    assert raised.value.learning_rate == 0.25
    assert 1 <= raised.value.layer <= 2
    net.initialize()
    assert np.isfinite(net.train_step(x, y))
