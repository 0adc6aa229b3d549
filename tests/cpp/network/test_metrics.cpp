#include "network/metrics.hpp"

#include <cfenv>
#include <limits>

#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

// Rows are stored `kStride` apart: what lies between them must not count.
constexpr Index kStride = 4;

template <class T>
struct Rows {
  explicit Rows(const std::vector<std::vector<T>>& rows) : cols(std::ssize(rows[0])) {
    for (const std::vector<T>& row : rows) {
      values.insert(values.end(), row.begin(), row.end());
      values.resize(values.size() + static_cast<std::size_t>(kStride - cols), T(9));
    }
  }
  MatrixView<const T> view() const {
    return {values.data(), std::ssize(values) / kStride, cols, kStride};
  }

  Index cols;
  std::vector<T> values;
};

}  // namespace

TEST(accuracy_by_row) {
  for_each_dtype([]<class T>() {
    const Rows<T> y_hat({{T(0.1), T(0.7), T(0.2)},
                         {T(0.5), T(0.2), T(0.3)},
                         {T(0), T(0.2), T(0.8)},
                         {T(1), T(0), T(0)}});
    const std::vector<std::int64_t> classes = {1, 0, 1, 2};
    const Rows<T> rows({{0, 1, 0}, {T(0.6), T(0.4), 0}, {0, 1, 0}, {0, 0, 1}});
    CHECK_EQUAL(accuracy<T>(y_hat.view(), {}, classes.data(), nullptr, false), 0.5);
    CHECK_EQUAL(accuracy<T>(y_hat.view(), rows.view(), nullptr, nullptr, false), 0.5);
    const std::vector<double> weights = {1.0, 2.0, 0.0, 5.0};
    CHECK_EQUAL(accuracy<T>(y_hat.view(), rows.view(), nullptr, weights.data(), false), 3.0 / 8.0);
    CHECK_EQUAL(accuracy<T>(y_hat.view(), {}, classes.data(), weights.data(), false), 3.0 / 8.0);
  });
}

TEST(accuracy_ties_go_to_the_lowest_index) {
  for_each_dtype([]<class T>() {
    const Rows<T> y_hat({{T(0.4), T(0.4), T(0.2)}, {T(0.2), T(0.4), T(0.4)}});
    const std::vector<std::int64_t> lowest = {0, 1}, highest = {1, 2};
    CHECK_EQUAL(accuracy<T>(y_hat.view(), {}, lowest.data(), nullptr, false), 1.0);
    CHECK_EQUAL(accuracy<T>(y_hat.view(), {}, highest.data(), nullptr, false), 0.0);
    const Rows<T> ties({{T(0.5), T(0.5), 0}, {0, T(0.5), T(0.5)}});
    CHECK_EQUAL(accuracy<T>(y_hat.view(), ties.view(), nullptr, nullptr, false), 1.0);
  });
}

// Each entry by itself; exactly one half is no.
TEST(accuracy_by_entry) {
  for_each_dtype([]<class T>() {
    const T above = std::nextafter(T(0.5), T(1));
    const Rows<T> y_hat({{T(0.5), above}, {T(0.9), T(0.1)}});
    const Rows<T> y({{0, 1}, {1, 1}}), inverse({{1, 0}, {0, 0}});
    CHECK_EQUAL(accuracy<T>(y_hat.view(), y.view(), nullptr, nullptr, true), 0.75);
    CHECK_EQUAL(accuracy<T>(y_hat.view(), inverse.view(), nullptr, nullptr, true), 0.25);
    const std::vector<double> weights = {1.0, 3.0};
    CHECK_EQUAL(accuracy<T>(y_hat.view(), y.view(), nullptr, weights.data(), true), 2.5 / 4.0);
  });
}

TEST(accuracy_of_nan_is_0) {
  for_each_dtype([]<class T>() {
    const T nan = std::numeric_limits<T>::quiet_NaN();
    const Rows<T> y_hat({{nan, nan}, {nan, nan}}), y({{0, 1}, {1, 0}});
    const std::vector<std::int64_t> classes = {0, 1};
    CHECK_EQUAL(accuracy<T>(y_hat.view(), {}, classes.data(), nullptr, false), 0.0);
    CHECK_EQUAL(accuracy<T>(y_hat.view(), y.view(), nullptr, nullptr, true), 0.0);
  });
}

// Chunks of 256 rows, to the bit, whatever rounding the caller has set.
TEST(accuracy_is_summed_in_chunks) {
  const TestData<float> data(600, 1, 3);
  const std::vector<double> weights = random_weights(600, 1);
  double right = 0.0, all = 0.0;
  for (std::size_t start = 0; start < 600; start += 256) {
    double chunk_right = 0.0, chunk_all = 0.0;
    for (std::size_t i = start; i < std::min<std::size_t>(600, start + 256); ++i) {
      const float* y = &data.y[i * 3];
      if (std::max_element(y, y + 3) - y == data.classes[i]) chunk_right += weights[i];
      chunk_all += weights[i];
    }
    right += chunk_right;
    all += chunk_all;
  }
  const double expected = right / all;
  for (const int rounding : {FE_TONEAREST, FE_UPWARD}) {
    std::fesetround(rounding);
    const double got =
        accuracy<float>(data.targets(), {}, data.classes.data(), weights.data(), false);
    std::fesetround(FE_TONEAREST);
    CHECK_EQUAL(got, expected);
  }
}

}  // namespace chainrule
