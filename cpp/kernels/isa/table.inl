// Which kernels does this tier have? Its tables, made from the generic bodies and the lists of
// formulas.

template <class F, class T>
constexpr auto slope_products_of() -> decltype(ActivationKernels<T>::slope_products) {
  if constexpr (has_slopes<F>)
    return slope_products<F, T>;
  else
    return nullptr;
}
template <class T, class... F>
struct ActivationTable {
  static constexpr ActivationKernels<T> rows[] = {
      {F::name, F::row_wise, F::slope_needs_z, activation_forward<F, T>, activation_backward<F, T>,
       slope_products_of<F, T>()}...};
};
template <class T, class... F>
constexpr const ActivationKernels<T>* activation_rows(TypeList<F...>) {
  return ActivationTable<T, F...>::rows;
}

template <class T, class F>
constexpr LossKernels<T> loss_kernels() {
  if constexpr (has_fused_form<F>)
    return {F::name, loss_rows<F, true, T>, loss_rows<F, false, T>};
  else
    return {F::name, nullptr, loss_rows<F, false, T>};
}
template <class T, class... F>
struct LossTable {
  static constexpr LossKernels<T> rows[] = {loss_kernels<T, F>()...};
};
template <class T, class... F>
constexpr const LossKernels<T>* loss_rows_of(TypeList<F...>) {
  return LossTable<T, F...>::rows;
}

template <class T, class... F>
struct OptimizerTable {
  static constexpr OptimizerKernels<T> rows[] = {{F::name, optimizer_update<F, T>}...};
};
template <class T, class... F>
constexpr const OptimizerKernels<T>* optimizer_rows(TypeList<F...>) {
  return OptimizerTable<T, F...>::rows;
}

template <class T>
struct FunctionTable {
  using V = Vec<T>;
  static constexpr FunctionKernels<T> rows[kFunctions] = {
      {"exp", apply_function<T, exp<V>>},
      {"expm1", apply_function<T, expm1<V>>},
      {"log", apply_function<T, log<V>>},
      {"log1p", apply_function<T, log1p<V>>},
      {"tanh", apply_function<T, tanh<V>>},
      {"sigmoid", apply_function<T, sigmoid<V>>},
      {"normal_cdf", apply_function<T, normal_cdf<V>>}};
};

template <class T>
constexpr KernelTable<T> make_table(const char* tier) {
  return {tier,
          {kBlockRows, kBlockPanels, kTileRows},
          forward<T>,
          input_gradient<T>,
          weight_gradient<T>,
          pack_tiles<T>,
          sum_rows<T>,
          sum_products<T>,
          sum_squares<T>,
          normalize_rows<T>,
          normalize_rows_backward<T>,
          normalize_columns<T>,
          normalize_columns_backward<T>,
          scale_columns<T>,
          rescale<T>,
          add<T>,
          transpose_panel<T>,
          add_penalty<T>,
          move_average<T>,
          activation_rows<T>(Activations{}),
          loss_rows_of<T>(LossForms{}),
          optimizer_rows<T>(Optimizers{}),
          FunctionTable<T>::rows};
}
