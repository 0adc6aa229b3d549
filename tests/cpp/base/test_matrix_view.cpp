#include "base/matrix_view.hpp"

#include <vector>

#include "kernels/tables.hpp"
#include "test.hpp"

namespace chainrule {

// Every length around the pieces that short rows are copied in, and beyond the longest of them.
TEST(rows_are_copied_and_nothing_else) {
  test::for_each_float([]<class T>() {
    for (Index n = 0; n <= 80; ++n) {
      std::vector<T> from, to(static_cast<std::size_t>(n + 2), T(-1)), expected = to;
      for (Index i = 0; i < n; ++i) from.push_back(static_cast<T>(i + 1));
      std::copy(from.begin(), from.end(), expected.begin() + 1);
      copy_row(from.data(), n, to.data() + 1);
      CHECK_FOR(text("n=", n), to == expected);
    }
  });
}

TEST(rows_of_a_view_are_copied) {
  const std::vector<double> from{1, 2, 3, 4, 5, 6};
  std::vector<double> to(7, -1.0);
  copy_rows<double>({from.data(), 2, 3, 3}, {to.data(), 2, 2, 4});
  CHECK((to == std::vector<double>{1, 2, -1, -1, 4, 5, -1}));
}

}  // namespace chainrule
