"""Which mistakes in backward and optimiser code must the suite find?

Each mutant is wrong in one way in which such code is wrong in practice. `text` stands exactly once
in its file and is one expression, or whole statements with their semicolons; so is `replacement`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """What is wrong, and the change in a file under cpp/ that makes it so."""

    file: str
    what: str
    text: str
    replacement: str


_MUTANTS = {
    "formulas/activations_smooth.inl": [
        (
            "the slope of sigmoid has a wrong sign",
            "return a * (splat<V>(1) - a);",
            "return a * (splat<V>(1) + a);",
        ),
        (
            "the slope of tanh lacks a factor",
            "(splat<V>(1) - a) * (splat<V>(1) + a)",
            "splat<V>(1) - a",
        ),
        ("gelu's curvature lacks a term", "splat<V>(2) - z * z", "splat<V>(2)"),
        (
            "mish forgets that 1 - t^2 has two factors",
            "rest * inverse * (one + t) * s",
            "rest * inverse * s",
        ),
        ("celu is not divided by its field", "exp(z / constant<V>(alpha))", "exp(z)"),
        ("silu's slope forgets that z is a factor", "(splat<V>(1) + z * s.closed)", "splat<V>(1)"),
    ],
    "formulas/activations_with_kinks.inl": [
        ("the mask of relu is dropped", "less_equal(a, splat<V>(0))", "less(a, splat<V>(0))"),
        ("leaky_relu is 1 at its kink", "less(splat<V>(0), a)", "less_equal(splat<V>(0), a)"),
        ("prelu learns from z above 0, too", "select(less(splat<V>(0), z), splat<V>(0), z)", "z"),
        ("a limit counts as inside", "less_equal(high, x)", "less(high, x)"),
    ],
    "formulas/activations_of_rows.inl": [
        ("softmax has the diagonal of its Jacobian only", "p * (g - mean)", "p * g"),
        (
            "the mean of softmax is not weighted",
            "[](V p, V g) { return p * g; }",
            "[](V, V g) { return g; }",
        ),
    ],
    "formulas/loss_form.cpp": [
        (
            "every loss is fused with every activation",
            "has_fused_form<F> && output_activation == F::Matching::name",
            "has_fused_form<F>",
        ),
    ],
    "formulas/losses_of_classes.inl": [
        (
            "the gradient of binary cross-entropy lacks a factor below",
            "not_below(y_hat * (splat<V>(1) - y_hat), typename V::Number(kLeastDivisor))",
            "not_below(y_hat, typename V::Number(kLeastDivisor))",
        ),
        (
            "the gradient of cross-entropy has a wrong sign",
            "-(y / not_below(y_hat, typename V::Number(kLeastDivisor)))",
            "y / not_below(y_hat, typename V::Number(kLeastDivisor))",
        ),
        ("cross-entropy forgets the maximum", "log_sum - (x - shift)", "log_sum - x"),
        (
            "binary cross-entropy has a wrong sign",
            "above - z * y + log1p(exp(-magnitude))",
            "above + z * y + log1p(exp(-magnitude))",
        ),
    ],
    "formulas/optimizers.inl": [
        ("SGD goes uphill", "w - splat<V>(c[kRate]) * g", "w + splat<V>(c[kRate]) * g"),
        ("Nesterov is plain momentum", "c[kNesterov] != 0", "false"),
        (
            "the first update is dampened, too",
            "updates_before == 0 ? 1.0 : 1.0 - dampening",
            "1.0 - dampening",
        ),
        (
            "dampening is left out",
            "fma(splat<V>(c[kMomentum]), slot[0], splat<V>(c[kGradient]) * g)",
            "fma(splat<V>(c[kMomentum]), slot[0], g)",
        ),
        (
            "weight decay of SGD has a wrong sign",
            "c[kNesterov] = nesterov ? 1.0 : 0.0;\n    c[kDecay] = weight_decay;",
            "c[kNesterov] = nesterov ? 1.0 : 0.0;\n    c[kDecay] = -weight_decay;",
        ),
        (
            "a mean forgets nothing",
            "fma(splat<V>(share), x - mean, mean)",
            "fma(splat<V>(share), x, mean)",
        ),
        ("a mean square forgets nothing", "splat<V>(keep) * mean", "mean"),
        ("centred RMSprop is not", "c[kCentered] != 0", "false"),
        (
            "epsilon stands inside the root",
            "sqrt(square) + splat<V>(c[kEpsilon])",
            "sqrt(square + splat<V>(c[kEpsilon]))",
        ),
        ("Adagrad forgets", "fma(g, g, slot[0])", "g * g"),
        (
            "Adadelta has the mean square of steps as it will be",
            "sqrt(slot[1] + epsilon) / sqrt(slot[0] + epsilon)",
            "sqrt(slot[0] + epsilon) / sqrt(slot[1] + epsilon)",
        ),
        (
            "Lion remembers its direction",
            "slot[0] = move_to(slot[0], g, c[kMean]);",
            "slot[0] = direction;",
        ),
        ("Rprop remembers a gradient that turned", "g = select(less(turned, zero), zero, g);", ";"),
    ],
    "formulas/adam.inl": [
        (
            "Adam's mean is not corrected",
            (
                "c[kRate] = rate / (1.0 - power[0]);\n    c[kMean] = 1.0 - beta_1;\n"
                "    c[kSquare] = 1.0 - beta_2;"
            ),
            "c[kRate] = rate;\n    c[kMean] = 1.0 - beta_1;\n    c[kSquare] = 1.0 - beta_2;",
        ),
        (
            "weight decay of Adam is scaled by the rate",
            "c[kDecay] = weight_decay;\n    c[kLargest] = amsgrad ? 1.0 : 0.0;",
            "c[kDecay] = rate * weight_decay;\n    c[kLargest] = amsgrad ? 1.0 : 0.0;",
        ),
        (
            "the correction of Adam's root lacks its root",
            "1.0 / __builtin_sqrt(1.0 - power[1])",
            "1.0 / (1.0 - power[1])",
        ),
        ("AMSGrad takes the last mean square", "v = slot[2] = larger(slot[2], v)", "slot[2] = v"),
        (
            "AdamW's decay is not scaled by the rate",
            "1.0 - rate * weight_decay",
            "1.0 - weight_decay",
        ),
        ("Adamax's largest gradient does not fade", "splat<V>(c[kKeep]) * slot[1]", "slot[1]"),
        (
            "NAdam looks no further",
            "momentum_at(power[2] * decay_of_momentum())",
            "momentum_at(power[2])",
        ),
        ("RAdam waits one step less", "updates_before + 1", "updates_before + 2"),
    ],
    "kernels/generic/products.inl": [
        ("the bias is not added", "block.bias", "nullptr"),
        (
            "chunks but the first are lost",
            "BlockOfC<T>{chunk, panel_size, nullptr, total}",
            "BlockOfC<T>{chunk, panel_size}",
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
        ("a chunk takes the place of the total", "load(place(to, r, v)) + sum[r][v]", "sum[r][v]"),
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
    "network/execution.hpp": [
        (
            "biases decay as weights do",
            "segment.is_weight ? weight_coefficients : bias_coefficients",
            "weight_coefficients",
        ),
        (
            "all segments have the slots of the first",
            "slots_from(at, parts);",
            "slots_from(first, parts);",
        ),
    ],
    "network/run_parts.hpp": [
        (
            "the last part of a long segment is not updated",
            "ceil_div(size, kPart)",
            "std::max<Index>(1, size / kPart)",
        ),
    ],
    "network/execution.cpp": [
        (
            "biases are not trained",
            "if (stage.bias >= 0) vector_gradient(segment(stage.bias), buffer_data(op.db), sum);",
            "",
        ),
        (
            "every block of dA reads the first panels of W^T",
            "w_transposed + columns.begin * panel_size",
            "w_transposed",
        ),
    ],
    "network/plan.cpp": [
        (
            "dA is computed with the weights after the update",
            (
                "if (goes_on) gradient = backward_dense(s, dz);\n"
                "      if (learns(table_.stages[s].weight)) backward_parameters(s, dz);"
            ),
            (
                "if (learns(table_.stages[s].weight)) backward_parameters(s, dz);\n"
                "      if (goes_on) gradient = backward_dense(s, dz);"
            ),
        ),
        (
            "dX is not computed in front of the first layer that learns",
            "while (left-- > 0) gradient = backward_dense(left, gradient);",
            "while (left-- > 1) gradient = backward_dense(left, gradient);",
        ),
        ("the slope of the wrong layer", "s > 0 ? chains_[s - 1] : input_chain_", "chains_[s]"),
        ("the slope behind a product is left out", "operation.activation = link.activation;", ""),
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
    "network/normalization.hpp": [
        (
            "running statistics forget nothing",
            "(1.0 - momentum) * static_cast<double>(running[j])",
            "static_cast<double>(running[j])",
        ),
        (
            "epsilon is added to the deviation",
            "std::sqrt(variance[j] + rounded)",
            "(std::sqrt(variance[j]) + rounded)",
        ),
    ],
    "network/link_execution.cpp": [
        ("the running variance is the biased one", "rows / (rows - 1.0)", "rows / rows"),
    ],
    "network/link_planning.hpp": [
        (
            "the first of several activations is passed over",
            "link != chain.rend()",
            "link + 1 < chain.rend()",
        ),
        (
            "a gradient takes the place of the one that goes past the block",
            "std::ranges::find(kept_, da) != kept_.end()",
            "false",
        ),
        (
            "what goes past a block is forgotten on the way back",
            "Addition{da, dy, dx}",
            "Addition{da, da, dx}",
        ),
    ],
    "network/layer_walk.cpp": [
        ("a block may have other outputs than inputs", "n_out == width", "true"),
    ],
    "network/noise.hpp": [
        ("noise passes gradients as they are", "da(i, j) * scale(i, j)", "da(i, j)"),
    ],
    "network/training.cpp": [
        (
            "a short batch is divided by the size of a full one",
            "load_targets(run, examples, rows, group.rows)",
            "load_targets(run, examples, rows, run.plan.capacity)",
        ),
        (
            "a batch of weight 0 makes an update",
            "group.is_done() && group.weight_sum > 0.0",
            "group.is_done()",
        ),
        (
            "a batch of weight 0 moves statistics",
            "weight_sum(examples, rows) > 0.0",
            "true",
        ),
        (
            "a loss that is not finite moves statistics",
            "if (std::isfinite(sum)) run.updated_parameters = parameters_.data();",
            "run.updated_parameters = parameters_.data();",
        ),
        (
            "only the last batch of an update counts",
            "run.goes_on = weight_before > 0.0;",
            "",
        ),
        (
            "a place that somebody else has taken is blamed for a failure",
            "run.plan.buffers[static_cast<std::size_t>(id)].last >= run.plan.n_forward - 1",
            "true",
        ),
        ("dX with weights after an update", "pass.version != version_", "false"),
        ("a function may change the parameters", "version_ != version", "version_ < version"),
    ],
    "network/line_search.cpp": [
        ("any decrease is flat enough", "kFlatness * std::fabs(start.slope)", "kInfinity"),
        ("the cubic forgets its sign", "b.step > a.step ? root : -root", "root"),
        ("what is not finite is the best", "trial.value = kInfinity;", "trial.value = -kInfinity;"),
        ("a search falls towards the wrong end", "high = low;", ";"),
    ],
    "network/descent.cpp": [
        ("H has one loop", "dot(table_, y, p) / curvature[i]", "0.0"),
        ("H begins with the oldest pair", "scale == 0.0", "true"),
        ("frozen layers move along", "clear_frozen(p);", ";"),
        ("the last trial is taken for the best", "found.step != line.last_step()", "false"),
        ("a failed search keeps its pairs", "rate > 0.0", "false"),
        ("statistics move in each trial", "block_ + table.block_size", "block_ + table.size"),
    ],
    "network/full_batch.cpp": [
        ("a line search sees no penalty", "is_penalised(network_.table_, penalty_)", "false"),
        ("a gradient outlives its weights", "descent_version_ != version_", "descent_version_ < 0"),
    ],
    "network/own_loss.cpp": [
        ("NaN comes through a weight of 0", "w == 0.0", "false"),
        (
            "a function has weights without their mean",
            "w / static_cast<double>(d)",
            "1.0 / static_cast<double>(d)",
        ),
        ("infinite derivatives", "std::isfinite(sum)", "false"),
    ],
    "network/penalty.cpp": [
        ("l2 sum W^2 without its half", "own.l2 / 2", "own.l2"),
        (
            "l1 is left out where a gradient is stored",
            "rounded_coefficient<T>(own.l1)",
            "T(0)",
        ),
    ],
    "network/max_norm.cpp": [
        ("rows of frozen layers are shortened", "!segment.settings.trainable", "false"),
        ("large rows become 0", "norm = norm_of_large(n_in, w + lane);", "norm = kInfinity;"),
    ],
    "network/parameter_average.cpp": [
        (
            "weights that a callback has set are lost",
            "network_.version() == version_",
            "true",
        ),
    ],
    "network/training_run.cpp": [
        (
            "averages follow updates that were not made",
            "average_ && updated",
            "average_.has_value()",
        ),
        ("an update that was begun goes on in the next epoch", "group_ = {};", ""),
        (
            "X is not shuffled, y is",
            "copy_row(examples_.x.row(rows.row(i)), x.cols, x.row(i))",
            "copy_row(examples_.x.row(i), x.cols, x.row(i))",
        ),
        (
            "every epoch has the same order",
            "shuffle(order_, network_.spec().seed, network_.epochs())",
            "shuffle(order_, network_.spec().seed, 0)",
        ),
        ("every batch is the first", "rows_of_batch(batches_done_)", "rows_of_batch(0)"),
    ],
    "network/batch.cpp": [
        (
            "the weight of another row",
            "examples.weights(row, column) / examples.mean_weight",
            "examples.weights(0, column) / examples.mean_weight",
        ),
        (
            "outputs are added where they are averaged",
            "form.averages_outputs ? static_cast<double>(form.n_terms) : 1.0",
            "1.0",
        ),
        (
            "the factor of the gradient is lost",
            "form.gradient_factor / (static_cast<double>(union_rows) * terms)",
            "1.0 / (static_cast<double>(union_rows) * terms)",
        ),
    ],
    "network/optimizer_state.cpp": [
        ("every update is the first", "++spec.updates;", ""),
        (
            "decay_biases=False is ignored",
            "if (!formula.decay_biases) of_biases.weight_decay = 0.0;",
            "",
        ),
        (
            "weights of a layer with a rate of its own learn at the usual one",
            "step_coefficients(formula, factor * rate, spec.updates, powers.data(), weights);",
            "step_coefficients(formula, rate, spec.updates, powers.data(), weights);",
        ),
        (
            "the rate of a step is ignored",
            "learning_rate != nullptr ? *learning_rate : formula.learning_rate",
            "formula.learning_rate",
        ),
    ],
    "network/parameters.cpp": [
        (
            "rows of W are read a wrong distance apart",
            "pack<T>({tensor, segment.n_out, segment.n_in, segment.n_in}, data)",
            "pack<T>({tensor, segment.n_out, segment.n_in, segment.n_out}, data)",
        ),
    ],
}

MUTANTS = [
    Mutant(f"cpp/{file}", *mutant) for file, mutants in _MUTANTS.items() for mutant in mutants
]
