"""Which mistakes in cpp/network must the suite find? Written as mutant_table.py says."""

from __future__ import annotations

OF_NETWORK = {
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
    "network/data_scaling.cpp": [
        (
            "lsuv divides by the variance",
            "return std::sqrt(squares / n);",
            "return squares / n;",
        ),
        (
            "lsuv takes the bias for a part of what W makes",
            "static_cast<double>(z(i, o)) - (bias == nullptr ? 0.0 : static_cast<double>(bias[o]))",
            "static_cast<double>(z(i, o))",
        ),
        (
            "lsuv scales later layers by what the first ones made before they were scaled",
            (
                "w[j] = static_cast<T>(static_cast<double>(w[j]) / sigma);\n"
                "    execute(run, i, i + 1);"
            ),
            "w[j] = static_cast<T>(static_cast<double>(w[j]) / sigma);",
        ),
        (
            "every batch scales what still has length 1",
            "training_forwards_ > 0",
            "false",
        ),
        (
            "a network that has learnt is scaled",
            "(optimizer_ && optimizer_->spec.updates > 0)",
            "false",
        ),
        (
            "a batch that scales tells nobody that parameters have changed",
            "scaled = {};\n  parameters_changed();",
            "scaled = {};",
        ),
        (
            "what was scaled by 1 waits for data again",
            "if (std::abs(sigma - 1.0) <= kRounding) sigma = 1.0 + kRounding;",
            "",
        ),
        (
            "lsuv measures rows where columns have length 1",
            "weight.n_out <= weight.n_in",
            "true",
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
    "network/gradients.cpp": [
        (
            "a loss that is not finite moves statistics",
            "if (succeeds) run.updated_parameters = parameters_.data();",
            "run.updated_parameters = parameters_.data();",
        ),
        ("dX with weights after an update", "pass.version != version_", "false"),
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
            "only the last batch of an update counts",
            "run.goes_on = weight_before > 0.0;",
            "",
        ),
        (
            "a place that somebody else has taken is blamed for a failure",
            "run.plan.buffers[static_cast<std::size_t>(id)].last >= run.plan.n_forward - 1",
            "true",
        ),
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
            "copy_row(all.row(rows.row(i)), x.cols, x.row(i))",
            "copy_row(all.row(i), x.cols, x.row(i))",
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
