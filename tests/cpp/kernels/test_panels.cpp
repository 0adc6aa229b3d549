#include "kernels/panels.hpp"

#include <cmath>
#include <set>
#include <vector>

#include "kernels/guarded.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

template <class F>
void for_each_shape(F&& f) {
  for_each_type(TypeList<float, double>{}, [&]<class T>() {
    for (const Index n_out : {1, 7, 8, 9, 15, 16, 17, 33})
      for (const Index n_in : {1, 2, 5, 16, 31}) f.template operator()<T>(n_out, n_in);
  });
}

}  // namespace

TEST(panels_are_64_bytes_wide) {
  CHECK_EQUAL(kLanes<float>, 16);
  CHECK_EQUAL(kLanes<double>, 8);
  CHECK_EQUAL(n_panels<float>(16), 1);
  CHECK_EQUAL(n_panels<float>(17), 2);
  CHECK_EQUAL(panels_size<float>(17, 3), 2 * 3 * 16);
  CHECK_EQUAL(panels_size<double>(17, 3), 3 * 3 * 8);
  // W[panel][input][lane], by hand.
  CHECK_EQUAL(panel_offset<float>(3, 0, 1), 16);
  CHECK_EQUAL(panel_offset<float>(3, 15, 2), 2 * 16 + 15);
  CHECK_EQUAL(panel_offset<float>(3, 17, 2), 3 * 16 + 2 * 16 + 1);
  CHECK_EQUAL(panel_offset<double>(3, 17, 2), 2 * 3 * 8 + 2 * 8 + 1);
}

TEST(every_weight_has_its_own_place) {
  for_each_shape([]<class T>(Index n_out, Index n_in) {
    std::set<Index> places;
    for (Index o = 0; o < n_out; ++o)
      for (Index i = 0; i < n_in; ++i) places.insert(panel_offset<T>(n_in, o, i));
    CHECK_EQUAL(static_cast<Index>(places.size()), n_out * n_in);
    CHECK(*places.begin() == 0 && *places.rbegin() < panels_size<T>(n_out, n_in));
  });
}

TEST(weights_are_packed_with_zero_padding) {
  for_each_shape([]<class T>(Index n_out, Index n_in) {
    test::Guarded<T> w(n_out, n_in, n_in + 3, 1, std::nan(""));
    test::fill(w.view(), [&](Index o, Index i) { return static_cast<T>(1 + o * n_in + i); });
    test::Guarded<T> panels(1, panels_size<T>(n_out, n_in), panels_size<T>(n_out, n_in), 1);
    pack<T>(w.view(), panels.view().data);
    CHECK(panels.rest_is_untouched());

    std::vector<T> expected(static_cast<std::size_t>(panels.view().cols), T(0));
    for (Index o = 0; o < n_out; ++o)
      for (Index i = 0; i < n_in; ++i)
        expected[static_cast<std::size_t>(panel_offset<T>(n_in, o, i))] = w.view()(o, i);
    CHECK(test::same_bytes<T>(panels.view(),
                              {expected.data(), 1, panels.view().cols, panels.view().cols}));

    test::Guarded<T> again(n_out, n_in, n_in + 2, 3);
    unpack<T>(panels.view().data, again.view());
    CHECK(again.rest_is_untouched());
    CHECK(test::same_bytes<T>(again.view(), w.view()));
  });
}

}  // namespace chainrule
