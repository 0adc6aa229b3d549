#include "dense_layer.hpp"

#include <algorithm>
#include <variant>

#include "base/check.hpp"
#include "base/random.hpp"
#include "kernels/dispatch.hpp"
#include "kernels/reference.hpp"

namespace chainrule::bench {

namespace {

// Rows that are compared with the reference, spread over all of them: plain loops over all take
// minutes.
constexpr Index kComparedRows = 16;

// relu, Dense(n_out, relu): the layer has an activation before and behind it, as in a network.
NetworkSpec spec_of(const Shape& shape) {
  const FormulaSpec relu{"relu", {}};
  NetworkSpec spec;
  spec.n_features = shape.n_in;
  DenseSpec dense;
  dense.units = shape.n_out;
  dense.activation = relu;
  dense.bias_initializer = {"zeros", {}};
  spec.layers = {ActivationSpec{relu}, dense};
  return spec;
}

// -1, -7/8, ..., 1
template <class T>
AlignedBuffer<T> eighths(Index size, std::uint64_t seed) {
  AlignedBuffer<T> values(size);
  std::vector<std::uint32_t> words(static_cast<std::size_t>(size));
  RandomStream{seed}.fill_words(0, words);
  std::transform(words.begin(), words.end(), values.data(), [](std::uint32_t word) {
    return static_cast<T>(static_cast<int>(word % 17) - 8) / T(8);
  });
  return values;
}

template <class Op, class T>
Index position_of(const Plan<T>& plan) {
  const auto found =
      std::find_if(plan.operations.begin(), plan.operations.end(),
                   [](const Operation& op) { return std::holds_alternative<Op>(op); });
  return found - plan.operations.begin();
}

// The plan as it would be if the tier were the one in use.
template <class T>
void use_tier(Plan<T>& plan, const KernelTable<T>& kernels) {
  for (ActivationCall<T>& call : plan.activations)
    call.kernels = &kernels.activations[call.kernels - plan.kernels->activations];
  plan.kernels = &kernels;
}

template <class T>
void copy_rows(const T* from, MatrixView<T> to) {
  for (Index i = 0; i < to.rows; ++i) std::copy_n(from + i * to.cols, to.cols, to.row(i));
}

std::vector<Index> sample(Index n) {
  const Index count = std::min(n, kComparedRows);
  std::vector<Index> rows;
  for (Index i = 0; i < count; ++i) rows.push_back(count == 1 ? 0 : i * (n - 1) / (count - 1));
  return rows;
}

template <class T>
std::string difference(const char* what, Index row, const T* expected, const T* got, Index n) {
  const Index at = std::mismatch(expected, expected + n, got).first - expected;
  if (at == n) return {};
  return text(what, "(", row, ", ", at, "): expected ", expected[at], ", got ", got[at]);
}

}  // namespace

template <class T>
DenseLayer<T>::DenseLayer(std::string_view tier, const Shape& shape, Index n_threads)
    : shape_(shape),
      n_threads_(n_threads),
      table_(spec_of(shape)),
      x_(eighths<T>(shape.batch * shape.n_in, 1)),
      dz_(eighths<T>(shape.batch * shape.n_out, 2)),
      w_(eighths<T>(shape.n_out * shape.n_in, 3)),
      b_(eighths<T>(shape.n_out, 4)),
      parameters_(table_.size),
      gradient_(table_.size),
      adam_(default_spec(Optimizers{}, "optimizer", "adam"), table_.size),
      update_(adam_.begin_update(kernels_of<T>(tier), nullptr)) {
  for (T& x : x_.span()) x = std::max(x, T(0));
  write_tensor(table_.segments[0], w_.data(), parameters_.data());
  write_tensor(table_.segments[1], b_.data(), parameters_.data());
  for (const Product product : kProducts) cases_.push_back(make_case(tier, product));
}

template <class T>
typename DenseLayer<T>::Case DenseLayer<T>::make_case(std::string_view tier,
                                                      Product product) const {
  const PlanPurpose purpose =
      product == Product::update ? PlanPurpose::train : PlanPurpose::gradients;
  Case prepared{make_plan(table_, {purpose, shape_.batch}), 0, {}};
  use_tier(prepared.plan, kernels_of<T>(tier));
  if (product == Product::forward)
    prepared.operation = position_of<DenseForward>(prepared.plan);
  else if (product == Product::input_gradient)
    prepared.operation = position_of<InputGradient>(prepared.plan);
  else
    prepared.operation = position_of<ParameterGradient>(prepared.plan);
  prepared.workspace = AlignedBuffer<T>(prepared.plan.workspace_size);
  fill(prepared, product);
  return prepared;
}

// What the operation reads; nothing else runs in this workspace, so that it stays.
template <class T>
void DenseLayer<T>::fill(Case& prepared, Product product) const {
  const MatrixView<const T> x{x_.data(), shape_.batch, shape_.n_in, shape_.n_in};
  const Run<T> run{prepared.plan, table_, parameters_.data(), prepared.workspace.data(), x};
  const Operation& operation =
      prepared.plan.operations[static_cast<std::size_t>(prepared.operation)];
  if (product == Product::forward) {
    copy_rows(x_.data(), run.view(std::get<DenseForward>(operation).x));
  } else if (product == Product::input_gradient) {
    const auto& op = std::get<InputGradient>(operation);
    copy_rows(dz_.data(), run.view(op.dz));
    copy_rows(x_.data(), run.view(op.a_prev));
  } else {
    const auto& op = std::get<ParameterGradient>(operation);
    copy_rows(x_.data(), run.view(op.x));
    copy_rows(dz_.data(), run.view(op.dz));
  }
}

template <class T>
Run<T> DenseLayer<T>::start(Product product) {
  const Case& prepared = cases_[static_cast<std::size_t>(product)];
  Run<T> run{prepared.plan,
             table_,
             parameters_.data(),
             prepared.workspace.data(),
             {x_.data(), shape_.batch, shape_.n_in, shape_.n_in},
             n_threads_};
  run.gradient = gradient_.data();
  if (product == Product::update) run.update = &update_;
  run.updated_parameters = parameters_.data();
  return run;
}

template <class T>
void DenseLayer<T>::run(Product product) {
  Run<T> run = start(product);
  const Index operation = cases_[static_cast<std::size_t>(product)].operation;
  execute(run, operation, operation + 1);
}

template <class T>
std::string DenseLayer<T>::find_error() {
  for (const auto compare : {&DenseLayer::compare_forward, &DenseLayer::compare_input_gradient,
                             &DenseLayer::compare_weight_gradient, &DenseLayer::compare_update})
    if (std::string error = (this->*compare)(); !error.empty()) return error;
  return {};
}

template <class T>
std::string DenseLayer<T>::compare_forward() {
  run(Product::forward);
  const Case& prepared = cases_[static_cast<std::size_t>(Product::forward)];
  const auto& op = std::get<DenseForward>(
      prepared.plan.operations[static_cast<std::size_t>(prepared.operation)]);
  const MatrixView<T> a = start(Product::forward).view(op.a);
  const MatrixView<const T> w{w_.data(), shape_.n_out, shape_.n_in, shape_.n_in};
  AlignedBuffer<T> z(shape_.n_out);
  for (const Index e : sample(shape_.batch)) {
    reference::forward<T>({x_.data() + e * shape_.n_in, 1, shape_.n_in, shape_.n_in}, w, b_.data(),
                          {z.data(), 1, shape_.n_out, shape_.n_out});
    for (T& value : z.span()) value = std::max(value, T(0));
    if (std::string error = difference("A", e, z.data(), a.row(e), shape_.n_out); !error.empty())
      return error;
  }
  return {};
}

template <class T>
std::string DenseLayer<T>::compare_input_gradient() {
  run(Product::input_gradient);
  const Case& prepared = cases_[static_cast<std::size_t>(Product::input_gradient)];
  const auto& op = std::get<InputGradient>(
      prepared.plan.operations[static_cast<std::size_t>(prepared.operation)]);
  const MatrixView<T> dz_prev = start(Product::input_gradient).view(op.dz_prev);
  const MatrixView<const T> w{w_.data(), shape_.n_out, shape_.n_in, shape_.n_in};
  AlignedBuffer<T> expected(shape_.n_in);
  for (const Index e : sample(shape_.batch)) {
    reference::input_gradient<T>({dz_.data() + e * shape_.n_out, 1, shape_.n_out, shape_.n_out}, w,
                                 {expected.data(), 1, shape_.n_in, shape_.n_in});
    const T* a_prev = x_.data() + e * shape_.n_in;
    for (Index i = 0; i < shape_.n_in; ++i)
      if (!(a_prev[i] > 0)) expected.data()[i] = 0;
    if (std::string error = difference("dZ_prev", e, expected.data(), dz_prev.row(e), shape_.n_in);
        !error.empty())
      return error;
  }
  return {};
}

template <class T>
std::string DenseLayer<T>::compare_weight_gradient() {
  run(Product::weight_gradient);
  AlignedBuffer<T> dw(shape_.n_out * shape_.n_in), expected(std::max(shape_.n_in, shape_.n_out));
  read_tensor(table_.segments[0], gradient_.data(), dw.data());
  for (const Index o : sample(shape_.n_out)) {
    reference::weight_gradient<T>({dz_.data() + o, shape_.batch, 1, shape_.n_out},
                                  {x_.data(), shape_.batch, shape_.n_in, shape_.n_in},
                                  {expected.data(), 1, shape_.n_in, shape_.n_in});
    if (std::string error =
            difference("dW", o, expected.data(), dw.data() + o * shape_.n_in, shape_.n_in);
        !error.empty())
      return error;
  }
  reference::bias_gradient<T>({dz_.data(), shape_.batch, shape_.n_out, shape_.n_out},
                              expected.data());
  return difference("db", 0, expected.data(), gradient_.data() + table_.segments[1].offset,
                    shape_.n_out);
}

// The update from the tiles leaves the bits of a sweep over a stored gradient.
template <class T>
std::string DenseLayer<T>::compare_update() {
  AlignedBuffer<T> expected(table_.size);
  run(Product::weight_gradient);
  sweep(table_, update_, gradient_.data(), parameters_.data(), expected.data(), 1);
  for (const AlignedBuffer<T>& slot : adam_.slots) std::fill_n(slot.data(), slot.size(), T(0));
  run(Product::update);
  return difference("parameters", 0, expected.data(), parameters_.data(), table_.size);
}

template class DenseLayer<float>;
template class DenseLayer<double>;

}  // namespace chainrule::bench
