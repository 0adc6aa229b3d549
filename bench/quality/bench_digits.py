"""How well are the digits of scikit-learn recognised? The network of ``chainrule train digits``.

8 x 8 images, a fifth of them for the test, seeds 0 to 4; wanted is an accuracy of 0.97 for each.
"""

from __future__ import annotations

from report import per_seed, report
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import chainrule as cr

WANTED = 0.97


def main() -> None:
    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        x / 16, y, test_size=0.2, stratify=y, random_state=0
    )

    def accuracy(seed: int) -> float:
        net = cr.mlp([64, 256, 128, 10], activation="relu", output="softmax", seed=seed)
        net.fit(
            x_train,
            y_train,
            epochs=30,
            batch_size=32,
            optimizer=cr.Adam(1e-3),
            validation_split=0.1,
            verbose=0,
        )
        return float((net.predict_classes(x_test) == y_test).mean())

    found = per_seed(accuracy, 5)
    least = min(found)
    report("digits, accuracy", found, "least", least, f">= {WANTED}", met=least >= WANTED)


if __name__ == "__main__":
    main()
