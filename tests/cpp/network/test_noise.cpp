// Is noise added by the numbers that belong to each element, and taken back by the same ones?
#include "network/noise.hpp"

#include <vector>

#include "network/fixtures.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

template <class T>
struct Batch {
  static constexpr Index kRows = 9, kCols = 7, kStride = 8;
  std::vector<T> data = std::vector<T>(kRows * kStride);

  MatrixView<T> view() { return {data.data(), kRows, kCols, kStride}; }
};

template <class F>
void for_each_noise(F&& f) {
  f(Dropout{0.25});
  f(AlphaDropout{0.25});
  f(GaussianNoise{0.5});
}

}  // namespace

TEST(noise_is_a_function_of_row_and_feature) {
  for_each_dtype([&]<class T>() {
    for_each_noise([](const auto& noise) {
      const RandomStream stream{11, noise.purpose, 3, 17};
      Batch<T> a, scale, out;
      for (Index i = 0; i < std::ssize(a.data); ++i)
        a.data[static_cast<std::size_t>(i)] = static_cast<T>(0.25 * static_cast<double>(i) - 5);
      add_noise<T>(noise, stream, 0, a.view(), scale.view(), out.view());
      for (Index i = 0; i < a.kRows; ++i)
        for (Index j = 0; j < a.kCols; ++j) {
          const NoiseFactors f =
              noise.draw(stream.block(i, j / 4))[static_cast<std::size_t>(j % 4)];
          CHECK_EQUAL(scale.view()(i, j), static_cast<T>(f.scale));
          CHECK_EQUAL(out.view()(i, j),
                      a.view()(i, j) * static_cast<T>(f.scale) + static_cast<T>(f.shift));
        }
      // Some rows alone, as another thread takes them.
      Batch<T> part_scale, part;
      constexpr Index kFirst = 4;
      add_noise<T>(noise, stream, kFirst, a.view().rows_from(kFirst, 3),
                   part_scale.view().rows_from(kFirst, 3), part.view().rows_from(kFirst, 3));
      for (Index i = kFirst; i < kFirst + 3; ++i)
        for (Index j = 0; j < a.kCols; ++j) CHECK_EQUAL(part.view()(i, j), out.view()(i, j));
    });
  });
}

TEST(noise_passes_gradients_by_its_scale) {
  for_each_dtype([&]<class T>() {
    Batch<T> a, scale, out, da, dz;
    const RandomStream stream{11, Dropout::purpose, 3, 17};
    add_noise<T>(Dropout{0.25}, stream, 0, a.view(), scale.view(), out.view());
    for (T& g : da.data) g = T(3);
    remove_noise<T>(da.view(), scale.view(), dz.view());
    Index n_dropped = 0;
    for (Index i = 0; i < a.kRows; ++i)
      for (Index j = 0; j < a.kCols; ++j) {
        CHECK_EQUAL(dz.view()(i, j), T(3) * scale.view()(i, j));
        n_dropped += scale.view()(i, j) == T(0) ? 1 : 0;
      }
    CHECK(n_dropped > 0 && n_dropped < a.kRows * a.kCols);
  });
}

}  // namespace chainrule
