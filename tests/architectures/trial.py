"""What do differences say of an architecture's gradients, at parameters and data at random?"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import chainrule as cr

from .difference import MEDIAN, difference
from .drawing import named, one_of, sometimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .drawing import Architecture

Array = NDArray[Any]
Arrays = dict[str, Array]  # by the names of parameters in files; "x" are the inputs

N_PARAMETERS, N_INPUTS = 40, 10  # by which derivatives are taken, drawn among all
# Predictions are inside their span by so much: below, losses cut logarithms (and derivatives
# elsewhere), above, 1 − ŷ has few digits left; and none is far from 0.
ABOVE_LOWEST, BELOW_HIGHEST, FAR = 1e-6, 1e-2, 30.0
SHARP = 1 / 3  # of the differences, at least


class NothingToldError(Exception):
    """There are kinks, or differences too small beside their rounding, almost everywhere."""


class Trial:
    """A network with one batch, and the derivatives of J and, as a fit has them, of J + P."""

    def __init__(self, architecture: Architecture) -> None:
        a, self.architecture, rng = architecture, architecture, architecture.rng
        self.rng = rng
        self.network = cr.Network(
            a.n_features, a.layers, loss=a.loss, dtype="float64", seed=a.number
        )
        self.x = rng.standard_normal((a.n_rows, a.n_features))
        self.y = a.form.targets(rng, a.n_rows, a.n_targets)
        self.known = self._draw_known()
        self.weights = self._draw_weights()
        self.names = list(self.network.gradients(self.x, self.y).parameters)
        self.state = self._draw_state()

    # ---- What is drawn -----------------------------------------------------------------------

    def _draw_known(self) -> Array:
        """Which targets are known, (d,) or (d, k)."""
        shape = self.y.shape[: 1 if self.architecture.form.by_row else 2]
        known: Array = self.rng.random(shape) < one_of(self.rng, [1.0, 0.7])
        known[0] = True
        return known

    def _draw_weights(self) -> Array | None:
        """Weights of rows or of single targets, some of them 0."""
        w = self.rng.uniform(0.5, 2.0, one_of(self.rng, [len(self.x), self.known.shape]))
        w[1:] *= self.rng.random(w[1:].shape) < 0.8
        return w if sometimes(self.rng, 0.5) else None

    def _draw_state(self) -> dict[str, Any]:
        """Parameters away from where they begin, statistics from those of a batch."""
        gain = self.rng.uniform(0.7, 1.5)
        self.network.forward(self.x + 1, training=True)
        state = self.network.get_state()
        for name in self.names:
            noise = self.rng.standard_normal(state[name].shape)
            if noise.ndim == 2:
                state[name] = gain * noise / np.sqrt(noise.shape[1])
            else:
                state[name] = state[name] + 0.3 * noise
        return state

    # ---- What is derived ---------------------------------------------------------------------

    def _gradients(self, x: Array, state: dict[str, Any]) -> cr.Gradients:
        """Those of J with the same noise every time; a target that is not known has weight 0."""
        w = np.ones(len(x)) if self.weights is None else self.weights
        w = w[:, None] * self.known if w.ndim < self.known.ndim else (w.T * self.known.T).T
        self.network.set_state(state)
        return self.network.gradients(
            x, self.y, sample_weight=w, training=self.architecture.training
        )

    def _penalty(self, state: dict[str, Any]) -> float:
        """P = λ1 Σ|W| + λ2/2 ΣW², the λ of the call and of the layer added."""
        total, given = 0.0, self.architecture.penalties
        for name, layer in named(self.architecture.layers):
            if isinstance(layer, cr.Dense):
                W = state[f"{name}.weight"]
                total += (given.get("l1", 0.0) + layer.l1) * float(abs(W).sum())
                total += (given.get("l2", 0.0) + layer.l2) / 2 * float((W**2).sum())
        return total

    def _values(self, direction: Arrays, t: float) -> dict[str, float]:
        """What can be derived, so far in a direction."""
        moved = {name: self.state[name] + t * v for name, v in direction.items() if name != "x"}
        state = self.state | moved
        J = self._gradients(self.x + t * direction.get("x", 0.0), state).loss
        return {"J": J, "J + P": J + self._penalty(state)}

    def _descent(self) -> tuple[float, Arrays]:
        """J, and what a fit of one step takes away from the parameters."""
        y = self.y.copy()
        y[~self.known] = np.nan
        self.network.set_state(self.state)
        history = self.network.fit(
            self.x,
            y,
            batch_size=len(self.x),
            shuffle=False,
            optimizer=cr.SGD(1.0),
            sample_weight=self.weights,
            ignore_nan_targets=True,
            metrics=(),
            verbose=0,
            **self.architecture.penalties,
            **self.architecture.clipping,
        )
        after = self.network.get_state()
        return history["loss"][0], {name: self.state[name] - after[name] for name in self.names}

    # ---- What is compared --------------------------------------------------------------------

    def _directions(self, frozen: tuple[str, ...]) -> Iterator[tuple[str, Arrays]]:
        """Single parameters and inputs, and all of them at once."""
        learned = [name for name in self.names if not name.startswith(frozen)]
        points = {name: self.state[name] for name in learned} | {"x": self.x}
        chosen = [one_of(self.rng, learned) for _ in range(N_PARAMETERS if learned else 0)]
        for name in [*chosen, *["x"] * N_INPUTS]:
            v = np.zeros(points[name].shape)
            index = tuple(int(i) for i in self.rng.integers(v.shape))
            v[index] = 1.0
            yield f"{name}{list(index)}", {name: v}
        everything = {name: self.rng.standard_normal(p.shape) for name, p in points.items()}
        length = np.sqrt(sum((v**2).sum() for v in everything.values()))
        yield "all at once", {name: v / length for name, v in everything.items()}

    def complaint(self) -> str | None:
        """What is wrong, None if nothing."""
        self._check_outputs()
        g = self._gradients(self.x, self.state)
        derivatives = {"J": g.parameters | {"x": g.inputs}}
        if self.architecture.training:
            J, descent = self._descent()
            derivatives["J + P"] = derivatives["J"] | descent
            if abs(J - g.loss) > 1e-12 * max(1.0, abs(J)):
                return f"a fit has a loss of {J!r}, gradients have {g.loss!r}"
        frozen = self._frozen()
        for name in self.names:
            if name.startswith(frozen) and any(d[name].any() for d in derivatives.values()):
                return f"{name} is frozen and has gradients"
        return self._compared(derivatives, list(self._directions(frozen)))

    def _check_outputs(self) -> None:
        low, high = np.clip(self.architecture.form.span, -FAR, FAR)
        self.network.set_state(self.state)
        t = self.network.trace(self.x, self.y, training=self.architecture.training)
        if not ((t.Y_hat > low + ABOVE_LOWEST) & (t.Y_hat < high - BELOW_HIGHEST)).all():
            raise NothingToldError("predictions at an end of their span, or far from 0")

    def _frozen(self) -> tuple[str, ...]:
        """What the names of parameters that are not learned begin with."""
        layers = named(self.architecture.layers)
        return tuple(f"{name}." for name, layer in layers if not getattr(layer, "trainable", True))

    def _compared(
        self, derivatives: dict[str, Arrays], directions: list[tuple[str, Arrays]]
    ) -> str | None:
        errors = []
        for what, direction in directions:
            values = functools.cache(functools.partial(self._values, direction))
            for of, found in derivatives.items():
                derivative = sum(float((found[name] * v).sum()) for name, v in direction.items())
                expected = difference(lambda t, of=of, values=values: values(t)[of])
                if expected is None:
                    continue
                if not expected.confirms(derivative):
                    return f"{of} by {what}: {derivative!r}, difference {expected.quotient!r}"
                if expected.is_sharp:
                    errors.append(expected.error(derivative))
        if len(errors) < SHARP * len(directions) * len(derivatives):
            raise NothingToldError(f"by {len(errors)} of {len(directions)} directions")
        median = float(np.median(errors))
        return None if median <= MEDIAN else f"median of relative errors {median:.2g}"
