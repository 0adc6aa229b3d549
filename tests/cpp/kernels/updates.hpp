// With which settings are optimisers tested? With every combination of their fields at the default
// and at another value, at the first update and later.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "formulas/registry.hpp"
#include "kernels/guarded.hpp"
#include "kernels/panels.hpp"
#include "kernels/tables.hpp"

namespace chainrule::test {

// Calls f(formula, name) for each combination that has no conflict; numbers that change become 0.5,
// lists of them become 0.25 and 2.
template <class F, class Function>
void for_each_setting(Function f) {
  constexpr std::size_t n_fields = std::tuple_size_v<decltype(F::fields)>;
  for (unsigned changed = 0; changed < 1u << n_fields; ++changed) {
    F formula;
    std::string name = F::name;
    unsigned bit = 1;
    for_each_field(formula, [&](const auto& field) {
      if (changed & bit) {
        using Value = typename std::decay_t<decltype(field)>::Value;
        if constexpr (std::is_same_v<Value, bool>)
          formula.*(field.member) = !(formula.*(field.member));
        else if constexpr (std::is_same_v<Value, Numbers>)
          formula.*(field.member) = Numbers{0.25, 2.0};
        else
          formula.*(field.member) = static_cast<Value>(0.5);
        name += std::string(" ") + field.name;
      }
      bit <<= 1;
    });
    if constexpr (requires { formula.conflict(); })
      if (formula.conflict() != nullptr) continue;
    f(formula, name);
  }
}

// An update as kernels see it.
template <class T>
struct Update {
  std::string name;
  void (*run)(Index n, const T* g, const T* w, T* w_next, T* const* slots, const T* coefficients);
  Index n_slots;
  std::array<T, kMaxCoefficients> coefficients;
};

// The slots that a formula uses, the others null.
template <class T, class F>
std::array<T*, kMaxSlots> used_slots(const F& formula, T* const* slots) {
  std::array<T*, kMaxSlots> used{};
  for (Index s = 0; s < F::n_slots; ++s)
    if (uses_slot(formula, s)) used[static_cast<std::size_t>(s)] = slots[s];
  return used;
}

// The `updates_before`-th update of a formula; the kernels stand in `table` where the formula does
// in its list.
template <class T, class F>
Update<T> update_of(const KernelTable<T>& table, const F& formula, Index updates_before,
                    const std::string& name) {
  std::array<double, kMaxCoefficients> powers, coefficients{};
  powers.fill(1.0);
  for (Index t = 0; t <= updates_before; ++t) formula.advance(powers.data());
  formula.step(formula.learning_rate, updates_before, powers.data(), coefficients.data());
  Update<T> update{test::label(table) + " " + name,
                   table.optimizers[find_by_name(Optimizers{}, F::name)].update,
                   F::n_slots,
                   {}};
  for (std::size_t i = 0; i < coefficients.size(); ++i)
    update.coefficients[i] = static_cast<T>(coefficients[i]);
  return update;
}

// Calls f(update) for each member of the list and each setting, at the first update and the fourth.
template <class T, class Function>
void for_each_update(const KernelTable<T>& table, Function f) {
  for_each_type(Optimizers{}, [&]<class F>() {
    for_each_setting<F>([&](const F& formula, const std::string& name) {
      for (const Index updates_before : {0, 3}) f(update_of(table, formula, updates_before, name));
    });
  });
}

// Weights and kMaxSlots slots of a layer in panels, the same numbers in every object; slots are
// positive.
template <class T>
class Parameters {
 public:
  Parameters(Index n_out, Index n_in)
      : n_out_(n_out), n_in_(n_in), size_(panels_size<T>(n_out, n_in)) {
    const AlignedBuffer<T> logical(n_out * n_in);
    const MatrixView<T> m{logical.data(), n_out, n_in, n_in};
    for (Index i = 0; i <= kMaxSlots; ++i) {
      const Draw draw(100 + static_cast<std::uint64_t>(i));
      fill(m, [&](Index o, Index k) {
        const double x = draw.real(o, k);
        return static_cast<T>(i == 0 ? x : x * x);
      });
      pack<T>(m, add_block());
    }
  }
  Parameters(const Parameters& other)
      : n_out_(other.n_out_), n_in_(other.n_in_), size_(other.size_) {
    for (const T* block : other.pointers_) std::copy_n(block, size_, add_block());
  }

  Index size() const { return size_; }
  T* w() const { return pointers_[0]; }
  T* const* slots() const { return pointers_.data() + 1; }

  bool same_bytes_as(const Parameters& other) const {
    for (std::size_t i = 0; i < blocks_.size(); ++i)
      if (!same_bytes<T>(blocks_[i].view(), other.blocks_[i].view()) ||
          !blocks_[i].rest_is_untouched())
        return false;
    return true;
  }
  // Packing what unpacking gives leaves +0 in the padding: did it change anything?
  bool padding_is_zero() const {
    const AlignedBuffer<T> logical(n_out_ * n_in_), panels(size_);
    for (const Guarded<T>& block : blocks_) {
      unpack<T>(block.view().data, {logical.data(), n_out_, n_in_, n_in_});
      pack<T>(MatrixView<const T>{logical.data(), n_out_, n_in_, n_in_}, panels.data());
      if (!same_bytes<T>(block.view(), {panels.data(), 1, size_, size_})) return false;
    }
    return true;
  }

 private:
  T* add_block() {
    pointers_.push_back(blocks_.emplace_back(1, size_, size_, 1).view().data);
    return pointers_.back();
  }

  Index n_out_, n_in_, size_;
  std::vector<Guarded<T>> blocks_;
  std::vector<T*> pointers_;
};

}  // namespace chainrule::test
