#include "kernels/self_check.hpp"

#include "kernels/tables.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

// A table whose kernels give one wrong number.
template <class T>
struct Broken {
  static inline const KernelTable<T>* whole;
  static KernelTable<T> forward(KernelTable<T> table) {
    table.forward = [](const ForwardBlock<T>& block) {
      whole->forward(block);
      block.z[(block.x.rows - 1) * block.z_stride + 5] += 1;
    };
    return table;
  }
  static KernelTable<T> input_gradient(KernelTable<T> table) {
    table.input_gradient = [](const InputGradientBlock<T>& block) {
      whole->input_gradient(block);
      block.da(block.da.rows - 1, 0) += 1;
    };
    return table;
  }
  static KernelTable<T> weight_gradient(KernelTable<T> table) {
    table.weight_gradient = [](const WeightGradientBlock<T>& block) {
      whole->weight_gradient(block);
      block.gradient[0] += 1;
    };
    return table;
  }
  static KernelTable<T> transpose_panel(KernelTable<T> table) {
    table.transpose_panel = [](const T* w, Index n_out, Index n_in, Index panel, T* transposed) {
      whole->transpose_panel(w, n_out, n_in, panel, transposed);
      transposed[0] += 1;
    };
    return table;
  }
};

TEST(self_check_finds_a_wrong_number_of_any_product) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    CHECK_FOR(test::label(table), products_are_exact(table));
    Broken<T>::whole = &table;
    for (const auto broken : {Broken<T>::forward, Broken<T>::input_gradient,
                              Broken<T>::weight_gradient, Broken<T>::transpose_panel})
      CHECK_FOR(test::label(table), !products_are_exact(broken(table)));
  });
}

// The tiles of few rows are others than those of many.
TEST(self_check_looks_at_one_and_two_rows) {
  test::for_each_table([]<class T>(const KernelTable<T>& table) {
    Broken<T>::whole = &table;
    KernelTable<T> broken = table;
    broken.forward = [](const ForwardBlock<T>& block) {
      Broken<T>::whole->forward(block);
      if (block.x.rows <= 2) block.z[0] += 1;
    };
    CHECK_FOR(test::label(table), !products_are_exact(broken));
  });
}

}  // namespace

}  // namespace chainrule
