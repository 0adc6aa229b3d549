"""What does a fit set aside, in which order do its parts run, and how can it end?"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import _epochs
from helpers import interrupted, state_bytes

D = 40
RNG = np.random.default_rng(11)
X = RNG.standard_normal((D, 3))
CLASSES = np.repeat([0, 1, 2], [25, 10, 5])
TARGETS = RNG.standard_normal(D)


def classifier(seed: int = 1) -> cr.Network:
    return cr.mlp([3, 5, 3], "tanh", "softmax", dtype="float64", seed=seed)


def validation_rows(net: cr.Network, y: np.ndarray, split: float, **arguments: Any) -> list[int]:
    """Rows set aside: those whose target does not matter to what is learnt.

    Changing the input of one row changes the weights after a fit exactly if it is trained on.
    """

    def weights(x: np.ndarray) -> bytes:
        copy = net.copy()
        copy.fit(x, y, validation_split=split, **({"optimizer": "sgd"} | arguments))
        return b"".join(w.tobytes() for w in copy.weights)

    usual = weights(X)
    found = []
    for row in range(D):
        x = X.copy()
        x[row] += 1
        if weights(x) == usual:
            found.append(row)
    return found


def test_a_split_is_stratified_and_depends_on_seed_and_y_only() -> None:
    rows = validation_rows(classifier(), CLASSES, 0.2)
    assert np.bincount(CLASSES[rows]).tolist() == [5, 2, 1]
    later = classifier()
    later.fit(X, CLASSES, epochs=3)
    assert validation_rows(later, CLASSES, 0.2) == rows
    assert validation_rows(classifier(), CLASSES, 0.2, batch_size=8, optimizer="adam") == rows
    assert validation_rows(classifier(2), CLASSES, 0.2) != rows


def test_the_split_of_a_regression_is_drawn_too() -> None:
    net = cr.mlp([3, 5, 1], "tanh", dtype="float64", seed=1)
    rows = validation_rows(net, TARGETS, 0.21)
    assert len(rows) == math.ceil(0.21 * D)
    assert rows != list(range(D - 9, D))
    assert validation_rows(net, TARGETS + 1, 0.21) == rows


def test_without_shuffle_the_last_rows_are_set_aside() -> None:
    assert validation_rows(classifier(), CLASSES, 0.26, shuffle=False) == list(range(29, D))


def test_a_split_measures_what_validation_data_measures() -> None:
    split = classifier().fit(X, CLASSES, epochs=2, validation_split=0.25, shuffle=False)
    given = classifier().fit(
        X[:30], CLASSES[:30], epochs=2, validation_data=(X[30:], CLASSES[30:]), shuffle=False
    )
    assert split["val_loss"] == given["val_loss"]
    assert split["val_accuracy"] == given["val_accuracy"]
    assert split["loss"] == given["loss"]


def test_weights_are_split_with_their_rows() -> None:
    weights = np.arange(1.0, D + 1)
    split = classifier().fit(
        X, CLASSES, validation_split=0.25, sample_weight=weights, shuffle=False
    )
    given = classifier().fit(
        X[:30],
        CLASSES[:30],
        sample_weight=weights[:30],
        validation_data=(X[30:], CLASSES[30:], weights[30:]),
        shuffle=False,
    )
    assert (split["loss"], split["val_loss"]) == (given["loss"], given["val_loss"])


@pytest.mark.parametrize("d", [1, 1024, 2500])
def test_validation_in_parts_gives_the_bits_of_evaluate(
    d: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_epochs, "_GROUP_SECONDS", 0.0)
    x, y = RNG.standard_normal((d, 3)), RNG.integers(0, 3, d)
    weights = RNG.random(d)
    net = classifier()
    h = net.fit(X, CLASSES, validation_data=(x, y, weights))
    expected = net.evaluate(x, y, sample_weight=weights)
    assert (h["val_loss"], h["val_accuracy"]) == ([expected["loss"]], [expected["accuracy"]])


def test_validation_data_never_changes_what_is_learnt() -> None:
    nets = [classifier(), classifier()]
    nets[0].fit(X, CLASSES, epochs=2)
    nets[1].fit(X, CLASSES, epochs=2, validation_data=(X[:5] * 100, CLASSES[:5]))
    assert state_bytes(nets[0]) == state_bytes(nets[1])


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("not both", {"validation_data": (X, CLASSES), "validation_split": 0.1}),
        ("leaves none to train on", {"validation_split": 0.99, "shuffle": False}),
        (
            "weight 0",
            {"validation_split": 0.1, "sample_weight": np.arange(D) < 36, "shuffle": False},
        ),
        (
            "weight 0",
            {"validation_split": 0.1, "sample_weight": np.arange(D) > 35, "shuffle": False},
        ),
        (r"validation_data x: expected 3 features", {"validation_data": (X[:, :2], CLASSES)}),
        (r"validation_data y: expected 40 classes", {"validation_data": (X, CLASSES[:-1])}),
        (r"validation_data sample_weight", {"validation_data": (X, CLASSES, np.zeros(D))}),
        (r"validation_data x: expected at least one", {"validation_data": (X[:0], CLASSES[:0])}),
    ],
)
def test_wrong_validation_is_refused_before_training(words: str, arguments: dict[str, Any]) -> None:
    net = classifier()
    before = state_bytes(net)
    with pytest.raises(ValueError, match=words):
        net.fit(X, CLASSES, **arguments)
    assert state_bytes(net) == before
    assert net.history.n_epochs == 0


# ---- Divergence ----------------------------------------------------------------------------------


class Explode(cr.Callback):
    """Takes an absurd learning rate in one epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.good: bytes | None = None

    def on_epoch_begin(self, run: cr.callbacks.Run) -> None:
        if run.epoch == self.epoch:
            self.good = state_bytes(run.network)
            run.learning_rate = 1e30


@pytest.mark.parametrize("epoch", [1, 3])
def test_divergence_gives_back_the_last_good_epoch(epoch: int, dtype: str) -> None:
    net = cr.mlp([3, 8, 8, 1], seed=0, dtype=dtype)
    callback, start = Explode(epoch), state_bytes(net)
    with pytest.raises(cr.DivergenceError) as raised:
        net.fit(X, TARGETS, epochs=9, batch_size=8, optimizer="sgd", callbacks=[callback])
    assert state_bytes(net) == (start if epoch == 1 else callback.good)
    assert raised.value.epoch == epoch
    assert 5 * (epoch - 1) < raised.value.step <= 5 * epoch
    assert raised.value.learning_rate == 1e30
    assert 1 <= raised.value.layer <= 3
    assert net.history.n_epochs == epoch - 1
    again = net.fit(X, TARGETS, epochs=2)
    assert np.isfinite(again["loss"]).all()


def test_a_loss_that_cannot_be_used_is_not_kept() -> None:
    net = cr.mlp([3, 4, 1], seed=0)
    net.fit(X, TARGETS)
    before = state_bytes(net)
    for call in (net.fit, net.train_step, net.gradients, net.evaluate):
        given = {} if call in (net.gradients, net.evaluate) else {"optimizer": "sgd"}
        with pytest.raises(ValueError, match=r"needs predictions in \[0, 1\]"):
            call(X, TARGETS > 0, loss="binary_cross_entropy", **given)
        assert state_bytes(net) == before
    assert (net.loss, net.optimizer) == (cr.losses.Mse(), cr.Adam())
    net.fit(X, TARGETS)


@pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_begin", "on_batch_begin"])
def test_what_fails_before_the_first_update_changes_nothing(hook: str) -> None:
    class Fail(cr.Callback):
        def on_batch_begin(self, run: cr.callbacks.Run) -> None:
            """Be there."""

    def fail(run: cr.callbacks.Run) -> None:
        raise KeyError(hook)

    net, callback = cr.mlp([3, 4, 1], output="sigmoid", seed=0), Fail()
    net.train_step(X, TARGETS > 0)
    setattr(callback, hook, fail)
    before = state_bytes(net)
    with pytest.raises(KeyError, match=hook):
        net.fit(X, TARGETS > 0, loss="mse", optimizer="sgd", callbacks=[callback])
    assert state_bytes(net) == before


def test_ctrl_c_anywhere_leaves_whole_epochs_or_no_trace() -> None:
    start = cr.mlp([3, 4, 1], output="sigmoid", seed=0)
    start.train_step(X, TARGETS > 0)
    given = {"loss": "mse", "optimizer": "sgd", "validation_split": 0.2}
    modules = {"chainrule._epochs", "chainrule.history"}
    for instruction in itertools.count():
        net = start.copy()
        came = interrupted(
            lambda to=net: to.fit(X, TARGETS > 0, epochs=2, batch_size=20, **given),
            modules,
            instruction,
        )
        assert net._epochs == net.history.n_epochs
        assert {len(column) for column in net.history.values()} <= {net.history.n_epochs}
        if net.optimizer == start.optimizer:
            assert state_bytes(net) == state_bytes(start)
        else:
            assert net._updates > 0
        if not came:
            break
        net.train_step(X, TARGETS > 0)
    assert instruction > 500
    assert net.history.n_epochs == 2


def test_a_fit_begins_when_it_has_the_network_for_itself() -> None:
    class Own(cr.Network):
        def _start_training(self, *arguments: Any) -> Any:
            self.train_step(X, TARGETS)  # as another thread may, until then
            return super()._start_training(*arguments)

    class Fail(cr.Callback):
        def on_train_begin(self, run: cr.callbacks.Run) -> None:
            raise KeyError

    net, plain = (kind(3, [cr.Dense(1)], seed=0) for kind in (Own, cr.Network))
    with pytest.raises(KeyError):
        net.fit(X, TARGETS, callbacks=[Fail()])
    plain.train_step(X, TARGETS)
    assert state_bytes(net) == state_bytes(plain)


def test_classes_that_are_changed_while_training_are_refused() -> None:
    y = CLASSES.copy()

    class Changes(cr.Callback):
        def on_epoch_end(self, run: cr.callbacks.Run) -> None:
            y[:] = 10**12

    net = classifier()
    with pytest.raises(ValueError, match=r"y: expected classes in 0\.\.2, got 10+ .* changed"):
        net.fit(X, y, epochs=3, callbacks=[Changes()])
    assert net.history.n_epochs == 1
    assert np.isfinite(net.weights[0]).all()
    net.fit(X, CLASSES)


def test_two_fits_of_one_network_at_once_are_refused() -> None:
    class Nested(cr.Callback):
        refused = 0

        def on_epoch_end(self, run: cr.callbacks.Run) -> None:
            for call in (
                lambda: run.network.fit(X, TARGETS),
                lambda: run.network.train_step(X, TARGETS),
                lambda: run.network.set_state(run.network.get_state()),
                run.network.initialize,
                run.network.reset_optimizer,
            ):
                before = state_bytes(run.network)
                with pytest.raises(RuntimeError):
                    call()
                assert state_bytes(run.network) == before
                self.refused += 1

    net, callback = cr.mlp([3, 4, 1], seed=0), Nested()
    net.fit(X, TARGETS, epochs=2, callbacks=[callback])
    assert callback.refused == 10
    plain = cr.mlp([3, 4, 1], seed=0)
    plain.fit(X, TARGETS, epochs=2)
    assert state_bytes(net) == state_bytes(plain)
