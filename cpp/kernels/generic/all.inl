// Everything that is compiled once per tier, in order of use.

#include "kernels/generic/vec_math.inl"
#include "kernels/generic/column.inl"
#include "kernels/generic/rows.inl"
#include "formulas/activations.inl"
#include "formulas/losses.inl"
#include "formulas/optimizers.inl"
#include "kernels/generic/elementwise.inl"
#include "kernels/generic/normalize.inl"
#include "kernels/generic/loss.inl"
#include "kernels/generic/tile.inl"
#include "kernels/generic/products.inl"
#include "kernels/isa/table.inl"
