"""What does a step cost inside chainrule's ``fit``? Its loop over batches is in C++."""

from __future__ import annotations

from opponents import chainrule_step


class Opponent(chainrule_step.Opponent):
    """``net.fit`` over whole epochs, in the order of the data as all others."""

    def step(self, i: int) -> float:  # noqa: D102
        return float(self._fit(*self.batches[i], 1)["loss"][-1])

    def epochs(self, n: int) -> None:  # noqa: D102
        self._fit(self.x, self.y, n)

    def _fit(self, x, y, epochs):
        return self.net.fit(
            x,
            y,
            epochs=epochs,
            batch_size=self.problem.batch,
            optimizer=self.adam,
            metrics=(),
            shuffle=False,
            verbose=0,
        )
