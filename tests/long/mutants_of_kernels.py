"""Which mistakes in cpp/kernels must the suite find? Written as mutant_table.py says."""

from __future__ import annotations

OF_KERNELS = {
    "kernels/generic/products.inl": [
        ("the bias is not added", "block.bias", "nullptr"),
        (
            "chunks but the last are lost",
            "const bool adds = start > 0 || block.goes_on",
            "const bool adds = block.goes_on",
        ),
        (
            "the last row of a full chunk is left out",
            "batch - start < kChunk ? batch : start + kChunk",
            "batch - start < kChunk ? batch : start + kChunk - 1",
        ),
        (
            "dW of all blocks goes to the first panels",
            "((block.first_panel + p) * n_in + block.first) * kLanes<T>",
            "(p * n_in + block.first) * kLanes<T>",
        ),
        (
            "every chunk reads the first rows of the packed X",
            "block.first * batch + k0 * kTileRows",
            "block.first * batch",
        ),
        (
            "every chunk reads the first rows of the packed dZ",
            "(panel * batch + k0) * kLanes<T>",
            "panel * batch * kLanes<T>",
        ),
    ],
    "kernels/generic/tile.inl": [
        (
            "the bias is added once per piece of k",
            "steps.end && c.bias != nullptr",
            "c.bias != nullptr",
        ),
        ("chains begin anew with each piece of k", "steps.begin", "true"),
        ("a chunk takes the place of the total", "load(place(r, v)) + sum[r][v]", "sum[r][v]"),
        (
            "all panels have the bias of the first",
            "if (bias != nullptr) bias += n_panels * kLanes<T>;",
            "",
        ),
    ],
    "kernels/generic/elementwise.inl": [
        ("db is that of the last chunk", "total[v] + chunk[v]", "chunk[v]"),
        (
            "dA of the first row for all rows",
            "load(da.row(i) + j) * f.slope(input, second)",
            "load(da.row(0) + j) * f.slope(input, second)",
        ),
        ("the second slot is read from the first", "load(slots[s] + i)", "load(slots[0] + i)"),
        (
            "the edge of W^T is not transposed",
            "from[lane * kLanes<T> + j]",
            "from[j * kLanes<T> + lane]",
        ),
    ],
    "kernels/generic/loss.inl": [
        (
            "the losses of short rows are not averaged",
            "loss.averages_outputs ? static_cast<T>(n_terms) : T(1)",
            "T(1)",
        ),
    ],
    "kernels/generic/loss_of_elements.inl": [
        ("the fused gradient has a wrong sign", "y_hat - t", "t - y_hat"),
        ("an elementwise loss forgets its fields", "from_values<F>(fields)", "F{}"),
        ("the last elements have one scale", "j >= rest ? 0 : j", "0"),
    ],
    "kernels/generic/loss_of_row.inl": [
        (
            "the gradient of a row has a wrong sign",
            "[](V p, V t, V c) { return (p - t) * c; }",
            "[](V p, V t, V c) { return (t - p) * c; }",
        ),
        ("a loss of rows forgets its fields", "from_values<F>(fields)", "F{}"),
    ],
    "kernels/generic/rows.inl": [
        (
            "half of the lanes are not summed",
            "combine(lanes.part[i], lanes.part[i + half])",
            "lanes.part[i]",
        ),
        ("what lies beyond a row is summed", "count % V::width != 0", "false"),
    ],
    "kernels/generic/normalize.inl": [
        (
            "the mean of a row has the wrong sign on the way back",
            "(g - mean - x * along) * factor",
            "(g + mean - x * along) * factor",
        ),
        ("the variance of a row is taken about 0", "(x - mean) * (x - mean)", "x * x"),
        (
            "what moves the variance of a column has the wrong sign",
            "g - load(mean + j) - x * load(along + j)",
            "g - load(mean + j) + x * load(along + j)",
        ),
    ],
}
