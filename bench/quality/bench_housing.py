"""How well are house prices in California predicted? A regression on 8 numbers and a category.

Rows with gaps are left out; of the others, in the order of ``default_rng(0)``, the last fifth is
for the test. Means and deviations come from training rows alone. Seeds 0 to 2; wanted is a mean
error (root mean square) below 55,000 dollars.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from statistics import fmean

import numpy as np
from report import per_seed, report

import chainrule as cr

WANTED = 0.55
TARGET, CATEGORY = "median_house_value", "ocean_proximity"
DOLLARS = 100_000


def read_table(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (d, 13) and prices (d,) in units of 100,000 dollars."""
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if all(row.values())]
    numeric = [name for name in rows[0] if name not in {TARGET, CATEGORY}]
    categories = sorted({row[CATEGORY] for row in rows})
    numbers = np.array([[float(row[name]) for name in numeric] for row in rows])
    one_hot = np.array([[row[CATEGORY] == category for category in categories] for row in rows])
    prices = np.array([float(row[TARGET]) for row in rows]) / DOLLARS
    return np.hstack([numbers, one_hot]), prices


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with housing.csv")
    x, y = read_table(parser.parse_args().data / "housing.csv")
    order = np.random.default_rng(0).permutation(len(x))
    n_test = len(x) // 5
    train, test = order[:-n_test], order[-n_test:]
    x = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    mean, deviation = y[train].mean(), y[train].std()
    scaled = (y - mean) / deviation

    def error(seed: int) -> float:
        net = cr.mlp([x.shape[1], 128, 64, 1], activation="relu", seed=seed)
        net.fit(
            x[train], scaled[train], epochs=30, batch_size=128, optimizer=cr.Adam(2e-3), verbose=0
        )
        predicted = net.predict(x[test])[:, 0] * deviation + mean
        return float(np.sqrt(np.mean((predicted - y[test]) ** 2)))

    found = per_seed(error, 3)
    value = fmean(found)
    report(
        "housing, error in 100,000 dollars", found, "mean", value, f"< {WANTED}", met=value < WANTED
    )


if __name__ == "__main__":
    main()
