"""Which mistakes in cpp/formulas must the suite find? Written as mutant_table.py says."""

from __future__ import annotations

OF_FORMULAS = {
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
}
