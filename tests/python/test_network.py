"""Is a network built as the contract says, and does it tell what it is?"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from helpers import same_bits, state_bytes

X = np.random.default_rng(4).standard_normal((9, 5))
Y = np.random.default_rng(5).integers(0, 3, 9)

SIGNATURES = {
    cr.mlp: "(sizes, activation='relu', output='identity', *, dropout=0.0, norm=None, "
    "initializer=None, loss=None, dtype='float32', seed=None)",
    cr.Network: "(n_features, layers, *, loss=None, dtype='float32', seed=None)",
    cr.Dense: "(units, activation='identity', *, bias=True, initializer=None, "
    "bias_initializer='zeros', l1=0.0, l2=0.0, max_norm=None, trainable=True, "
    "learning_rate_multiplier=1.0)",
    cr.Activation: "(activation)",
    cr.Network.fit: "(self, x, y=None, *, epochs=1, batch_size=None, optimizer=None, loss=None, "
    "metrics=None, validation_data=None, validation_split=0.0, sample_weight=None, "
    "class_weight=None, ignore_nan_targets=False, schedule=None, clip_norm=None, clip_value=None, "
    "l1=0.0, l2=0.0, accumulate=1, ema=None, shuffle=True, callbacks=(), checkpoint=None, "
    "on_divergence='raise', verbose='auto')",
    cr.Network.train_step: "(self, x, y, *, optimizer=None, loss=None, sample_weight=None, "
    "learning_rate=None, clip_norm=None, clip_value=None, l1=0.0, l2=0.0)",
    cr.Network.evaluate: "(self, x, y, *, loss=None, metrics=None, sample_weight=None, "
    "ignore_nan_targets=False)",
    cr.Network.predict: "(self, x, *, out=None)",
    cr.Network.predict_classes: "(self, x)",
    cr.Network.gradients: "(self, x, y, *, loss=None, sample_weight=None, training=True)",
    cr.Network.forward: "(self, x, *, training=False)",
    cr.Network.backward: "(self, dA)",
    cr.Network.apply: "(self, gradients, optimizer=None, *, learning_rate=None, clip_norm=None, "
    "clip_value=None, l1=0.0, l2=0.0)",
    cr.Network.trace: "(self, x, y, *, learning_rate=0.1, loss=None, training=False)",
    cr.Network.example_losses: "(self, x, y)",
    cr.Network.set_weights: "(self, weights, biases=None)",
    cr.Network.set_state: "(self, state)",
    cr.Network.get_state: "(self)",
    cr.Network.copy: "(self, seed=None)",
    cr.Network.initialize: "(self, x=None, *, seed=None)",
    cr.Network.find_learning_rate: "(self, x, y=None, *, minimum=1e-07, maximum=10.0, steps=100, "
    "batch_size=None, optimizer=None, loss=None, sample_weight=None, class_weight=None, "
    "ignore_nan_targets=False, clip_norm=None, clip_value=None, l1=0.0, l2=0.0)",
    cr.Network.reset_optimizer: "(self)",
    cr.Network.save: "(self, path, *, optimizer=False)",
    cr.Network.to_bytes: "(self, *, optimizer=False)",
    cr.Network.summary: "(self)",
    cr.load: "(path)",
    cr.from_bytes: "(data)",
    cr.EarlyStopping: "(monitor=None, *, patience=10, min_delta=0.0, mode='auto', "
    "restore_best_weights=True)",
    cr.set_num_threads: "(n)",
    cr.get_num_threads: "()",
    cr.show_config: "()",
}


def _words(found: Any) -> str:
    """The signature without annotations."""
    signature = inspect.signature(found)
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(inspect.Signature(bare))


@pytest.mark.parametrize("found", SIGNATURES, ids=lambda found: found.__qualname__)
def test_signatures_and_defaults(found: Any) -> None:
    assert _words(found) == SIGNATURES[found]


RELU_FAMILY = {
    *("relu", "leaky_relu", "prelu", "relu6", "elu", "celu"),
    *("gelu", "silu", "mish", "hard_swish", "softplus"),
}
USUAL_LOSSES = {
    "identity": "mse",
    "sigmoid": "binary_cross_entropy",
    "softmax": "cross_entropy",
    "log_softmax": "cross_entropy",
}

# ---- Building ------------------------------------------------------------------------------------


def test_a_network_tells_its_sizes(dtype: str) -> None:
    layers = [cr.Dense(7, "relu"), cr.Dense(4, bias=False), cr.Activation("tanh"), cr.Dense(3)]
    net = cr.Network(5, layers, dtype=dtype, seed=3)
    assert (net.n_features, net.n_outputs, net.n_parameters) == (
        5,
        3,
        5 * 7 + 7 + 7 * 4 + 4 * 3 + 3,
    )
    assert (net.dtype, net.seed, net.optimizer, net.preprocessor) == (dtype, 3, None, None)
    assert [w.shape for w in net.weights] == [(7, 5), (4, 7), (3, 4)]
    assert [b if b is None else b.shape for b in net.biases] == [(7,), None, (3,)]
    assert {w.dtype for w in net.weights} == {np.dtype(dtype)}
    assert [layer.description for layer in net.layers] == layers
    assert net.history.n_epochs == 0


def test_weights_and_biases_are_copies_that_refuse_to_be_written() -> None:
    net = cr.mlp([5, 4, 3], seed=0)
    before = state_bytes(net)
    for array in (*net.weights, *net.biases, net.layers[0].weight, net.layers[1].bias):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
        array.flags.writeable = True  # their own copy may be made writable
        array[...] = 0
    assert state_bytes(net) == before


def test_a_seed_is_drawn_and_kept() -> None:
    nets = [cr.mlp([5, 3]) for _ in range(8)]
    assert len({net.seed for net in nets}) > 1
    for net in nets:
        assert 0 <= net.seed < 2**32
        assert state_bytes(cr.mlp([5, 3], seed=net.seed)) == state_bytes(net)


def test_global_generators_do_not_matter_and_are_not_used() -> None:
    np.random.seed(0)  # noqa: NPY002
    first = state_bytes(cr.mlp([5, 3], seed=1))
    state = np.random.get_state()[1].tobytes()  # noqa: NPY002
    cr.mlp([5, 3]).fit(X, X[:, :3])
    assert np.random.get_state()[1].tobytes() == state  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    assert state_bytes(cr.mlp([5, 3], seed=1)) == first


def test_mlp_is_dense_layers() -> None:
    a = cr.mlp([5, 8, 6, 3], "tanh", "softmax", initializer="ones", dtype="float64", seed=1)
    shapes = [(8, "tanh"), (6, "tanh"), (3, "softmax")]
    layers = [cr.Dense(*shape, initializer="ones") for shape in shapes]
    assert state_bytes(a) == state_bytes(cr.Network(5, layers, dtype="float64", seed=1))


def test_mlp_checks_an_activation_that_it_does_not_need() -> None:
    with pytest.raises(ValueError, match="activation: unknown name 'rleu'"):
        cr.mlp([2, 1], "rleu")


def test_weights_that_begin_at_infinity_are_refused() -> None:
    large = cr.initializers.Constant(1e300)
    with pytest.raises(ValueError, match=r"initializer: layer 2 .* too large for float32"):
        cr.Network(2, [cr.Dense(3), cr.Dense(2, initializer=large)])
    assert cr.mlp([2, 1], initializer=large, dtype="float64").weights[0][0, 0] == 1e300


def test_names_and_objects_mean_the_same() -> None:
    a = cr.mlp([5, 4, 1], "relu", "sigmoid", loss="mse", seed=1)
    b = cr.mlp(
        [5, 4, 1], cr.activations.Relu(), cr.activations.Sigmoid(), loss=cr.losses.Mse(), seed=1
    )
    assert state_bytes(a) == state_bytes(b)


@pytest.mark.parametrize("activation", cr.activations.names())
def test_weights_begin_as_the_next_activation_wants(activation: str, dtype: str) -> None:
    usual = "he_normal" if activation in RELU_FAMILY else "glorot_uniform"
    usual = "lecun_normal" if activation == "selu" else usual

    def begin(initializer: str | None, *, apart: bool) -> bytes:
        first = cr.Dense(8, "identity" if apart else activation, initializer=initializer)
        between = [cr.Activation(activation)] if apart else []
        layers = [first, *between, cr.Dense(3, initializer="ones")]
        return b"".join(w.tobytes() for w in cr.Network(5, layers, dtype=dtype, seed=1).weights)

    for apart in (False, True):
        assert begin(None, apart=apart) == begin(usual, apart=apart)
    others = set(cr.initializers.names()) - {usual}
    assert begin(None, apart=False) not in {begin(name, apart=False) for name in others}
    net = cr.mlp([5, 8, 3], activation, dtype=dtype, seed=1)
    assert not any(bias.any() for bias in net.biases)


def test_the_default_loss_goes_by_the_output() -> None:
    for output in cr.activations.names():
        net = cr.mlp([5, 3], output=output, seed=0)
        usual = USUAL_LOSSES.get(output)
        assert (None if net.loss is None else net.loss.name) == usual
        if usual is None:
            with pytest.raises(ValueError, match=r"loss: expected one.*give loss="):
                net.fit(X, X[:, :3])
            net.fit(X, X[:, :3], loss="mse")
            assert net.loss == cr.losses.Mse()
    assert cr.mlp([5, 3], output="sigmoid", loss="mse", seed=0).loss == cr.losses.Mse()


def test_a_loss_given_to_fit_is_remembered_and_elsewhere_it_is_not() -> None:
    net = cr.mlp([5, 3], output="sigmoid", seed=0)
    net.evaluate(X, X[:, :3] > 0, loss="mse")
    net.train_step(X, X[:, :3] > 0, loss="mse")
    net.gradients(X, X[:, :3] > 0, loss="mse")
    assert net.loss == cr.losses.BinaryCrossEntropy()
    net.fit(X, X[:, :3] > 0, loss="mse")
    assert net.loss == cr.from_bytes(net.to_bytes()).loss == cr.losses.Mse()


@pytest.mark.parametrize("output", cr.activations.names())
def test_an_activation_apart_has_the_bits_of_one_inside(output: str, dtype: str) -> None:
    first, last = cr.Dense(4, "tanh"), [cr.Dense(3), cr.Activation(output)]
    inside = cr.Network(5, [first, cr.Dense(3, output)], dtype=dtype, seed=0)
    apart = cr.Network(5, [first, *last], dtype=dtype, seed=0)
    both = cr.Network(5, [cr.Dense(4), cr.Activation("tanh"), *last], dtype=dtype, seed=0)
    both.set_weights(inside.weights)  # the numbers that layers draw depend on their positions
    y = np.eye(3)[Y]
    for net in (inside, apart, both):
        net.fit(X, y, epochs=3, batch_size=4, loss=None if output in USUAL_LOSSES else "mse")
    for net in (apart, both):
        assert same_bits(inside.predict(X), net.predict(X))
        assert all(map(same_bits, inside.weights, net.weights))
        assert inside.evaluate(X, y) == net.evaluate(X, y)


def test_sizes_beyond_memory_raise_before_anything_is_reserved() -> None:
    for n, layers in (
        (2**32, [cr.Dense(2**32)]),
        (2**31, [cr.Dense(2**31)]),
        (2**20, [cr.Dense(2**32)]),
    ):
        with pytest.raises((MemoryError, ValueError)):
            cr.Network(n, layers, seed=0)


# ---- Without __init__ ----------------------------------------------------------------------------

EMPTY_CALLS: dict[str, tuple[Any, ...]] = {
    "fit": (X, X),
    "train_step": (X, X),
    "find_learning_rate": (X, X),
    "evaluate": (X, X),
    "predict": (X,),
    "predict_classes": (X,),
    "gradients": (X, X),
    "forward": (X,),
    "backward": (X,),
    "apply": (cr.mlp([5, 1], seed=0).gradients(X, X[:, 0]),),
    "example_losses": (X, X),
    "trace": (X, X),
    "set_weights": ([],),
    "set_state": (cr.mlp([5, 1], seed=0).get_state(),),
    "save": ("model.safetensors",),
}
PUBLIC = sorted(name for name in dir(cr.Network) if not name.startswith("_"))


@pytest.mark.parametrize("name", sorted(set(PUBLIC) - {"history", "preprocessor"}))
def test_an_object_without_init_raises_everywhere(
    name: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    class Own(cr.Network):
        def __init__(self) -> None:
            """Forget to call the base."""

    for empty in (cr.Network.__new__(cr.Network), Own()):
        with pytest.raises(RuntimeError, match="never built"):
            getattr(empty, name)(*EMPTY_CALLS.get(name, ()))
    assert list(tmp_path.iterdir()) == []


def test_an_object_without_init_has_no_text_copy_or_pickle() -> None:
    empty = cr.Network.__new__(cr.Network)
    for call in (str, repr, empty.__copy__, empty.__reduce__, lambda: empty.__deepcopy__({})):
        with pytest.raises(RuntimeError, match="never built"):
            call(*([empty] if call in (str, repr) else []))
    with pytest.raises(RuntimeError, match="never built"):
        empty.n_threads = 2
    cr.Network.__init__(empty, 5, [cr.Dense(2)], seed=0)
    assert empty.predict(X).shape == (9, 2)


def test_a_network_is_built_once() -> None:
    net = cr.mlp([5, 3], seed=0)
    before = state_bytes(net)
    with pytest.raises(RuntimeError, match="built already"):
        net.__init__(500, [cr.Dense(300)], dtype="float64")
    assert state_bytes(net) == before


# ---- Text ----------------------------------------------------------------------------------------


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    layers = [cr.Dense(8, "relu", bias=False), cr.Dense(3), cr.Activation("softmax")]
    net = cr.Network(5, layers, seed=12)
    assert repr(net) == "<Network 5-8-3, 67 parameters, float32>"
    assert str(net).splitlines() == [
        "Network: 5 features, 3 outputs, 67 parameters, float32, seed 12",
        "layer  kind                  output  parameters",
        "    1  Dense relu                 8          40",
        "    2  Dense identity             3          27",
        "       Activation softmax         3           0",
    ]
    net.summary()
    assert capsys.readouterr().out == f"{net}\n"


def test_n_threads_is_the_librarys_until_it_is_set() -> None:
    net = cr.mlp([5, 3], seed=0)
    assert net.n_threads is None
    for n in (1, 3, 1024, None):
        net.n_threads = n
        assert net.n_threads == n
