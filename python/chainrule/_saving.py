"""How is a network kept? Parameters out and in, states, bytes and files, copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from chainrule._arrays import as_matrix, as_tensor, as_vector
from chainrule._checks import as_flag, as_list, as_path, as_seed
from chainrule._learning import Learning
from chainrule._own_loss import kept_own_losses

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Saving"]


class Saving(Learning):
    """A network that can be kept."""

    def _parameters(self, kind: str) -> list[NDArray[Any] | None]:
        """Return read-only copies of the weights or biases of the Dense layers in order."""
        tensors = self._tensors()
        names = [name for name, tensor in tensors.items() if tensor.ndim == 2]
        found = [tensors.get(name.removesuffix("weight") + kind) for name in names]
        for tensor in found:
            if tensor is not None:
                tensor.flags.writeable = False
        return found

    @property
    def weights(self) -> list[NDArray[Any]]:
        """The weights W of the Dense layers in order, each (n_out, n_in); read-only copies."""
        return [weight for weight in self._parameters("weight") if weight is not None]

    @property
    def biases(self) -> list[NDArray[Any] | None]:
        """The biases b in the same order, each (n_out,), None without bias; read-only copies."""
        return self._parameters("bias")

    def set_weights(
        self, weights: Sequence[ArrayLike], biases: Sequence[ArrayLike | None] | None = None
    ) -> None:
        """Replace the parameters: all of them, or none if one does not fit.

        Parameters
        ----------
        weights : sequence of array_like
            W of each Dense layer in order, (n_out, n_in).
        biases : sequence of array_like or None, optional
            b of each Dense layer in order, (n_out,), None for a layer without bias; by default the
            biases stay as they are.

        Raises
        ------
        TypeError
            If something does not hold real numbers.
        ValueError
            If a number of layers or a shape is wrong, or a number is not finite.

        Notes
        -----
        Optimiser state and counters stay as they are. PyTorch's ``Linear.weight`` has this shape,
        too; of a Keras ``kernel`` give the transpose.

        Examples
        --------
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 1], seed=0)
        >>> net.set_weights([[[1.0, 2.0]]], [[3.0]])
        >>> net.predict([[1.0, 1.0]])
        array([[6.]], dtype=float32)
        """
        dtype = np.dtype(self.dtype)
        shapes = {name: tensor.shape for name, tensor in self._tensors().items()}
        names = [name for name, shape in shapes.items() if len(shape) == 2]
        new_weights = as_list("weights", weights)
        new_biases = None if biases is None else as_list("biases", biases)
        for argument, given in (("weights", new_weights), ("biases", new_biases)):
            if given is not None and len(given) != len(names):
                raise ValueError(
                    f"{argument}: expected {len(names)}, one per Dense layer, got {len(given)}; "
                    "weights and biases are two arguments"
                )
        tensors = {}  # those that are given: another thread may be training the others
        for i, name in enumerate(names):
            tensors[name] = as_matrix(f"weights[{i}]", new_weights[i], shapes[name], dtype)
            bias = name.removesuffix("weight") + "bias"
            if new_biases is None:
                continue
            if bias in shapes:
                tensors[bias] = as_vector(f"biases[{i}]", new_biases[i], shapes[bias][0], dtype)
            elif new_biases[i] is not None:
                raise ValueError(f"biases[{i}]: expected None, since this layer has no bias")
        self._set_tensors(tensors)

    def get_state(self) -> dict[str, Any]:
        """Return everything that the network knows, under the names of model files.

        Returns
        -------
        dict
            Copies of all tensors (``layers.0.weight``, ``optimizer.exp_avg.layers.0.weight``, ...),
            and under ``chainrule`` the description as JSON text.

        Examples
        --------
        >>> import chainrule as cr
        >>> list(cr.mlp([2, 1], seed=0).get_state())
        ['chainrule', 'layers.0.weight', 'layers.0.bias']
        """
        return self._state()

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take over a state: all of it, or nothing if something does not fit.

        Parameters
        ----------
        state : mapping
            What ``get_state`` of a network with the same layers and dtype returned.

        Raises
        ------
        TypeError
            If `state` is no mapping.
        ValueError
            If a name is missing or unknown, or a shape, dtype or number is wrong.
        RuntimeError
            If the network is being trained.

        Examples
        --------
        >>> import chainrule as cr
        >>> net, other = cr.mlp([2, 1], seed=0), cr.mlp([2, 1], seed=1)
        >>> other.set_state(net.get_state())
        >>> bool((other.weights[0] == net.weights[0]).all()), other.seed
        (True, 0)
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"state: expected a mapping, got {type(state).__name__}")
        tensors: dict[Any, Any] = dict(state)
        description = tensors.pop("chainrule", None)
        if not isinstance(description, str):
            raise ValueError(
                "state: expected the description as text under 'chainrule', as get_state has it; "
                "for parameters alone call set_weights"
            )
        for name, tensor in tensors.items():
            if not isinstance(name, str) or not name.isascii():
                raise ValueError(f"state: expected names of tensors, got {name!r}")
            tensors[name] = numbers = as_tensor(f"state: {name!r}", tensor)
            if name.endswith(".running_var") and (numbers < 0).any():
                raise ValueError(f"state: {name!r}: expected numbers of at least 0")
        self._set_state(description, tensors)

    def save(self, path: str | os.PathLike[str], *, optimizer: bool = False) -> None:
        """Write a model file.

        Parameters
        ----------
        path : str or path
            Where to; a file that is there is replaced, and what a symbolic link points to.
        optimizer : bool, default False
            Whether the optimiser's state is kept too, so that training can go on where it was.

        Raises
        ------
        OSError
            If the file cannot be written; the old file is then as it was.

        Notes
        -----
        With the optimiser's state, a network that is loaded goes on in ``fit`` as this one would,
        to the last bit.

        The layout is that of safetensors, with a checksum over the whole. At every instant there is
        the old file or the new one.

        Examples
        --------
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 1], seed=0)
        >>> net.save("model.safetensors")
        >>> cr.load("model.safetensors").n_parameters
        3
        """
        self._save(as_path(path), as_flag("optimizer", optimizer))

    def to_bytes(self, *, optimizer: bool = False) -> bytes:
        """Return the bytes of a model file.

        Parameters
        ----------
        optimizer : bool, default False
            Whether the optimiser's state is kept too.

        Returns
        -------
        bytes
            What :meth:`save` writes.

        Examples
        --------
        >>> import chainrule as cr
        >>> cr.from_bytes(cr.mlp([2, 1], seed=0).to_bytes()).n_features
        2
        """
        return self._to_bytes(as_flag("optimizer", optimizer))

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.copy()

    def copy(self, seed: int | None = None) -> Self:
        """Return an independent copy with optimiser state and counters.

        Parameters
        ----------
        seed : int in [0, 2**64), optional
            A seed for the copy's later random numbers; by default that of this network.

        Returns
        -------
        Network
            With the same parameters and an empty history.

        Raises
        ------
        TypeError
            If `seed` is no whole number.
        ValueError
            If it is out of range.

        Examples
        --------
        >>> import chainrule as cr
        >>> net = cr.mlp([2, 1], seed=0)
        >>> net.copy(seed=7).seed
        7
        """
        twin: Self = self._copy()
        kept_own_losses(twin).update(kept_own_losses(self))
        if seed is not None:
            twin._set_seed(as_seed(seed))
        return twin
