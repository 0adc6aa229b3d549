"""I want a network: build it, look at it, load it.

What a network can do stands in the classes below it: ``_prediction``, ``_learning``, ``_saving``,
``_rate_finding``.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from chainrule import _core
from chainrule._arrays import as_inputs, at_least_one
from chainrule._checks import (
    MOST_UNITS,
    as_count,
    as_list,
    as_number,
    as_path,
    as_seed,
    as_word,
)
from chainrule._examples import checked_loss, default_loss
from chainrule._names import as_formula
from chainrule._network_layer import NetworkLayer, arrays_given, depth_first, layers_of
from chainrule._own_loss import OwnLoss, keep_own_loss, kept_own_losses
from chainrule._rate_finding import RateFinding
from chainrule._warnings import warn_of_notices
from chainrule.errors import ModelFileError
from chainrule.layers import (
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Layer,
    LayerNorm,
    checked_layers,
    from_description,
)
from chainrule.runtime import MOST_THREADS

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, DTypeLike

    from chainrule._own_loss import LossLike

__all__ = ["Network", "from_bytes", "load", "mlp"]


def _dtype_name(dtype: DTypeLike | None) -> str:
    try:
        # NumPy takes None for float64, which is not the default here.
        name = "None" if dtype is None else np.dtype(dtype).name
    except TypeError:
        name = str(dtype)
    if name not in ("float32", "float64"):
        raise ValueError(f"dtype: expected 'float32' or 'float64', got {name!r}")
    return name


class Network(RateFinding):
    r"""A fully-connected network: layers in order, each feeding the next.

    .. math:: A^{(0)} = X, \quad Z^{(l)} = W^{(l)} A^{(l-1)} + b^{(l)}, \quad A^{(l)} = f(Z^{(l)})

    Parameters
    ----------
    n_features : int
        Number of features n of an example, at least 1.
    layers : sequence of layers
        Dense, Activation, Dropout, AlphaDropout, GaussianNoise, LayerNorm, BatchNorm, Scale,
        Rescale and Residual, at least one Dense among them or in their blocks.
    loss : str, Formula or function, optional
        The loss that every call uses; by default the usual one of the output: ``mse`` for identity,
        ``binary_cross_entropy`` for sigmoid, ``cross_entropy`` for softmax. A function of your own
        is as :mod:`chainrule.losses` says.
    dtype : {"float32", "float64"}, default "float32"
        The type of parameters, arithmetic and outputs.
    seed : int in [0, 2**64), optional
        The seed of everything random; one is drawn and kept in ``seed`` if it is not given.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If a value is out of range or a name is not known.

    Notes
    -----
    One example is one row: `x` is (examples, features). Weights are (n_out, n_in), as in Z = W A +
    b.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors.

    Examples
    --------
    >>> import chainrule as cr
    >>> net = cr.Network(4, [cr.Dense(8, "tanh"), cr.Dense(3), cr.Activation("softmax")], seed=0)
    >>> net.n_parameters
    67
    """

    def __init__(
        self,
        n_features: int,
        layers: Sequence[Layer],
        *,
        loss: LossLike | None = None,
        dtype: DTypeLike = "float32",
        seed: int | None = None,
    ) -> None:
        warn_of_notices()
        given = checked_layers("layers", layers)
        chosen = None if loss is None else checked_loss(loss)
        dtype_name = _dtype_name(dtype)
        n_in = as_count("n_features", n_features, most=MOST_UNITS)
        own_layers = layers_of(self, given)
        self._build(
            {
                "dtype": dtype_name,
                "n_features": n_in,
                "seed": secrets.randbits(32) if seed is None else as_seed(seed),
                "layers": [layer.describe() for layer in given],
                "loss": chosen.describe() if isinstance(chosen, _core.Formula) else None,
            },
            arrays_given(own_layers, n_in, dtype_name),
        )
        self.__dict__["_layers"] = own_layers
        if isinstance(chosen, OwnLoss):
            keep_own_loss(self, chosen)

    @classmethod
    def _empty(cls) -> Self:
        """Return a network with nothing in it yet, to load one into."""
        warn_of_notices()
        network: Self = cls.__new__(cls)  # type: ignore[no-untyped-call]
        return network

    @property
    def layers(self) -> tuple[NetworkLayer, ...]:
        """The layers of this network, each with its description and its parameters."""
        layers: tuple[NetworkLayer, ...] | None = self.__dict__.get("_layers")
        if layers is None:
            descriptions = self._description()["layers"]
            layers = layers_of(self, map(from_description, descriptions))
            self.__dict__["_layers"] = layers
        return layers

    def copy(self, seed: int | None = None) -> Self:  # noqa: D102
        twin = super().copy(seed)
        # With the arrays that they begin with, which no description holds.
        twin.__dict__["_layers"] = layers_of(twin, [layer.description for layer in self.layers])
        return twin

    @property
    def loss(self) -> Any:
        """The loss that every call uses, a formula or the caller's own function.

        None where the output has no usual one, or where it was a function, which no file holds.
        """
        loss = self._loss or default_loss(self)
        if isinstance(loss, tuple):
            own = kept_own_losses(self).get(loss[1])
            return None if own is None else own.function
        return loss

    @property
    def preprocessor(self) -> None:
        """Kept for a later version."""
        return None

    @property
    def n_threads(self) -> int | None:
        """The largest number of threads of one call; None is the library's."""
        return self._n_threads

    @n_threads.setter
    def n_threads(self, n: int | None) -> None:
        self._n_threads = None if n is None else as_count("n_threads", n, most=MOST_THREADS)

    def initialize(self, x: ArrayLike | None = None, *, seed: int | None = None) -> None:
        """Draw all parameters anew, and forget counters and the optimiser.

        Parameters
        ----------
        x : array_like, shape (d, n_features), optional
            Examples by which the layers whose initialiser is ``lsuv`` are scaled; some hundred will
            do. Without them, the first batch that the network learns from scales these layers.
        seed : int in [0, 2**64), optional
            The seed to draw from; by default that of the network.

        Raises
        ------
        TypeError
            If `seed` is no whole number, or `x` does not hold real numbers.
        ValueError
            If something is out of range, `x` is given but not wanted or does not vary, or a layer
            began with an array and the network comes from a file, which has none.
        RuntimeError
            If the network is being trained.

        Examples
        --------
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 1], seed=0)
        >>> before = net.weights[0]
        >>> _ = net.train_step([[1.0, 2.0]], [3.0])
        >>> net.initialize()
        >>> bool((net.weights[0] == before).all())
        True
        >>> net = cr.mlp([2, 1], initializer="lsuv", dtype="float64", seed=0)
        >>> x = [[1.0, 2.0], [3.0, 5.0], [4.0, 1.0]]
        >>> net.initialize(x)
        >>> round(float(net.predict(x).var()), 6)
        1.0
        """
        from_seed = self.seed if seed is None else as_seed(seed)
        rows = None
        if x is not None:
            rows = at_least_one("x", as_inputs("x", x, self.n_features, np.dtype(self.dtype)))
        arrays = arrays_given(self.layers, self.n_features, self.dtype)
        self._initialize(from_seed, arrays, rows)

    def summary(self) -> None:
        """Print the layers with shapes and numbers of parameters.

        Examples
        --------
        >>> import chainrule as cr
        >>> cr.mlp([2, 3, 1], seed=0).summary()
        Network: 2 features, 1 output, 13 parameters, float32, seed 0
        layer  kind                  output  parameters
            1  Dense relu                 3           9
            2  Dense identity             1           4
        """
        print(self)

    def __str__(self) -> str:
        outputs = "1 output" if self.n_outputs == 1 else f"{self.n_outputs} outputs"
        features = "1 feature" if self.n_features == 1 else f"{self.n_features} features"
        sizes = f"{features}, {outputs}, {self.n_parameters} parameters"
        layers = list(depth_first(self.layers))
        kinds = [layer._kind() for layer in layers]
        longest = max(20, *map(len, kinds))
        lines = [
            f"Network: {sizes}, {self.dtype}, seed {self.seed}",
            f"{'layer':>5}  {'kind':<{longest}}  {'output':>6}  {'parameters':>10}",
        ]
        width, number = self.n_features, 0
        for layer, kind in zip(layers, kinds, strict=True):
            description = layer.description
            if isinstance(description, Dense):
                number += 1
                n_parameters = description.units * (width + description.bias)
                width = description.units
            else:
                n_parameters = sum(v is not None for v in (layer.weight, layer.bias)) * width
            n_parameters += 0 if layer.slope is None else width
            shown = number if isinstance(description, Dense) else ""
            lines.append(f"{shown:>5}  {kind:<{longest}}  {width:>6}  {n_parameters:>10}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        sizes = [
            self.n_features,
            *(layer.units for layer in depth_first(self.layers) if hasattr(layer, "units")),
        ]
        return (
            f"<Network {'-'.join(map(str, sizes))}, {self.n_parameters} parameters, {self.dtype}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        parts = from_bytes, (self.to_bytes(optimizer=True),)
        own = self.loss if isinstance(self._loss, tuple) else None
        return parts if own is None else (*parts, own)

    def __setstate__(self, own_loss: Any) -> None:
        """Take the function back that pickle has beside the bytes."""
        keep_own_loss(self, OwnLoss(own_loss))


_NORMS: dict[str, type[BatchNorm | LayerNorm]] = {"batch": BatchNorm, "layer": LayerNorm}


def mlp(
    sizes: Sequence[int],
    activation: str | _core.Formula = "relu",
    output: str | _core.Formula = "identity",
    *,
    dropout: float = 0.0,
    norm: str | None = None,
    initializer: str | _core.Formula | ArrayLike | None = None,
    loss: LossLike | None = None,
    dtype: DTypeLike = "float32",
    seed: int | None = None,
) -> Network:
    r"""Build a multilayer perceptron.

    .. math:: A^{(l)} = f(W^{(l)} A^{(l-1)} + b^{(l)}), \qquad
              \hat Y = g(W^{(L)} A^{(L-1)} + b^{(L)})

    Parameters
    ----------
    sizes : sequence of int
        Number of features, units of each hidden layer, number of outputs: at least two numbers.
    activation : str or Formula, default "relu"
        The activation :math:`f` of the hidden layers.
    output : str or Formula, default "identity"
        The activation :math:`g` of the outputs.
    dropout : float in [0, 1), default 0
        The fraction of units dropped behind each hidden layer, by :class:`Dropout`.
    norm : {"batch", "layer"}, optional
        The norm between the weights of each hidden layer and its activation, :class:`BatchNorm` or
        :class:`LayerNorm`; by default there is none.
    initializer : str, Formula or array_like, optional
        How weights begin; by default the usual one for each activation.
    loss : str, Formula or function, optional
        As in :class:`Network`.
    dtype : {"float32", "float64"}, default "float32"
        As in :class:`Network`.
    seed : int, optional
        As in :class:`Network`.

    Returns
    -------
    Network
        With ``len(sizes) - 1`` Dense layers.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If there are fewer than two sizes, one is below 1, or a name is not known.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, chapter 6.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.mlp([784, 256, 128, 10], output="softmax", seed=0)
    <Network 784-256-128-10, 235146 parameters, float32>
    """
    p = as_number("dropout", dropout, below=1)
    noise = [Dropout(p)] if p > 0 else []
    given = as_list("sizes", sizes)
    if len(given) < 2:
        raise ValueError(f"sizes: expected at least 2 (features and outputs), got {len(given)}")
    hidden_activation = as_formula("activation", _core.activations, activation)
    output_activation = as_formula("output", _core.activations, output)
    counts = [as_count(f"sizes[{i}]", size, most=MOST_UNITS) for i, size in enumerate(given)]
    inside: str | _core.Formula = hidden_activation
    behind: list[Layer] = []
    if norm is not None:
        inside = "identity"
        behind = [_NORMS[as_word("norm", norm, tuple(_NORMS))](), Activation(hidden_activation)]
    layers: list[Layer] = []
    for n in counts[1:-1]:
        layers += [Dense(n, inside, initializer=initializer), *behind, *noise]
    layers.append(Dense(counts[-1], output_activation, initializer=initializer))
    return Network(counts[0], layers, loss=loss, dtype=dtype, seed=seed)


def load(path: str | os.PathLike[str]) -> Network:
    """Read a model file.

    Parameters
    ----------
    path : str or path
        A file that :meth:`chainrule.Network.save` wrote, with any version up to this one.

    Returns
    -------
    Network
        Without optimiser state in the file, its ``optimizer`` is None and the next fit starts
        afresh.

    Raises
    ------
    ModelFileError
        If the file is damaged, not a model file, or of a newer version.
    OSError
        If it cannot be read.

    Notes
    -----
    Nothing in a file is executed. Memory stays in proportion to the size of the file, whatever
    the file claims.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.mlp([2, 1], seed=0).save("model.safetensors")
    >>> cr.load("model.safetensors").seed
    0
    """
    network, name = Network._empty(), as_path(path)
    try:
        network._load(name)
    except ModelFileError as error:
        raise ModelFileError(f"cannot read {name!r}: {error}") from None
    return network


def from_bytes(data: bytes | bytearray | memoryview) -> Network:
    """Make a network of the bytes of a model file.

    Parameters
    ----------
    data : bytes-like
        What :meth:`chainrule.Network.to_bytes` returned.

    Returns
    -------
    Network
        As :func:`load`.

    Raises
    ------
    ModelFileError
        If the bytes are damaged, no model, or of a newer version.
    TypeError
        If `data` is not bytes-like.

    Examples
    --------
    >>> import chainrule as cr
    >>> net = cr.mlp([2, 1], seed=0)
    >>> str(cr.from_bytes(net.to_bytes())) == str(net)
    True
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"data: expected bytes, got {type(data).__name__}")
    network = Network._empty()
    network._from_bytes(data)
    return network
