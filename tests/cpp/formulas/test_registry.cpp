#include "formulas/registry.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <type_traits>

#include "test.hpp"

namespace chainrule {

namespace {

// Calls f(list, family) for every list.
template <class F>
void for_each_list(F&& f) {
  f(Activations{}, "activation");
  f(Losses{}, "loss");
  f(AllOptimizers{}, "optimizer");
  f(Initializers{}, "initializer");
}

bool is_snake_case(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool contains(const std::vector<std::string>& all, std::string_view name) {
  return std::find(all.begin(), all.end(), name) != all.end();
}

}  // namespace

TEST(names_are_unique_and_in_the_order_of_the_list) {
  for_each_list([](auto list, const char* /*family*/) {
    const std::vector<std::string> all = names(list);
    CHECK_EQUAL(static_cast<Index>(all.size()), list.size);
    CHECK_EQUAL(std::set<std::string>(all.begin(), all.end()).size(), all.size());
    Index position = 0;
    for (const std::string& name : all) {
      CHECK(is_snake_case(name));
      CHECK_EQUAL(find_by_name(list, name), position++);
    }
    CHECK_EQUAL(find_by_name(list, ""), -1);
  });
}

TEST(members_are_found_by_name) {
  for_each_list([](auto list, const char* family) {
    for (const std::string& name : names(list)) {
      int calls = 0;
      with_member(list, family, name, [&]<class F>() {
        ++calls;
        CHECK_EQUAL(name, F::name);
      });
      CHECK_EQUAL(calls, 1);
    }
  });
}

TEST(unknown_names_are_refused_with_all_known_ones) {
  for_each_list([](auto list, const char* family) {
    const auto find = [&](const std::string& name) { default_spec(list, family, name); };
    for (const std::string& name : names(list)) {
      CHECK_THROWS(find(name + "_"),
                   std::string(family) + ": unknown name '" + name + "_'; did you mean ");
      CHECK_THROWS(find("no such thing"), name);
    }
    CHECK_THROWS(find("no such thing"), "unknown name 'no such thing'; Known: ");
  });
}

TEST(suggestions_are_near_names) {
  const std::vector<std::string> known{"relu", "tanh", "sigmoid"};
  const auto refuse = [&](const char* name) { throw_unknown("activation", name, known); };
  CHECK_THROWS(refuse("rleu"),
               "activation: unknown name 'rleu'; did you mean relu? "
               "Known: relu, tanh, sigmoid");
  CHECK_THROWS(refuse("Sigmoid"), "did you mean sigmoid? Known");
  CHECK_THROWS(refuse("rel"), "did you mean relu? Known");
  CHECK_THROWS(refuse("softplus"), "'softplus'; Known: relu, tanh, sigmoid");
  CHECK_THROWS(refuse(""), "''; Known: relu, tanh, sigmoid");
}

namespace {

template <class T>
void change(T& value) {  // a number or a choice
  value = static_cast<T>(value == T{} ? 1 : 0);
}
void change(bool& flag) { flag = !flag; }
void change(MaybeNumber& number) { number = number ? MaybeNumber() : 0.25; }
void change(Numbers& numbers) { numbers.add(0.125); }

}  // namespace

TEST(specs_hold_the_fields_and_give_them_back) {
  for_each_list([](auto list, const char* family) {
    for_each_type(list, [&]<class F>() {
      FormulaSpec spec = default_spec(list, family, F::name);
      CHECK(spec == to_spec(F{}));
      CHECK(to_spec(from_spec<F>(spec)) == spec);
      // Every field goes to its own place: another value of one leaves all others.
      for_each_field(F{}, [&](const auto& field) {
        F formula;
        change(formula.*(field.member));
        const FormulaSpec changed = to_spec(formula);
        CHECK(changed != spec);
        const F again = from_values<F>(changed.values.data());
        CHECK(again.*(field.member) == formula.*(field.member));
        CHECK(to_spec(again) == changed);
      });
    });
  });
}

TEST(specs_are_checked) {
  for_each_list([](auto list, const char* family) {
    for_each_type(list, [&]<class F>() {
      FormulaSpec spec = default_spec(list, family, F::name);
      std::size_t at = 0;
      for_each_field(F{}, [&](const auto& field) {
        using Value = typename std::decay_t<decltype(field)>::Value;
        FormulaSpec wrong = spec;
        wrong.values[at] = std::numeric_limits<double>::quiet_NaN();
        at += n_numbers<Value>(spec.values.data() + at, spec.values.size() - at);
        if constexpr (std::is_same_v<Value, double>)
          CHECK_THROWS(from_spec<F>(wrong),
                       text(F::class_name, ": ", field.name, ": expected a number in "));
        else if constexpr (std::is_same_v<Value, MaybeNumber> || std::is_same_v<Value, Numbers>)
          CHECK_THROWS(from_spec<F>(wrong), "expected a value for each field");
      });
      if (spec.values.empty()) return;
      spec.values.pop_back();
      CHECK_THROWS(from_spec<F>(spec), "");
    });
  });
}

// What one formula says of another: default initialisers and losses, matching activations.
TEST(names_that_formulas_mention_exist) {
  for_each_type(Activations{}, []<class F>() {
    CHECK(contains(names(Initializers{}), F::initializer));
    if constexpr (F::loss != nullptr) {
      bool matches = false;
      for_each_type(LossForms{}, [&]<class Loss>() {
        matches |=
            F::loss == std::string_view(Loss::name) && std::is_same_v<typename Loss::Matching, F>;
      });
      CHECK(matches);
    }
  });
  for_each_type(LossForms{}, []<class F>() {
    if constexpr (has_fused_form<F>) CHECK(contains(names(Activations{}), F::Matching::name));
  });
}

}  // namespace chainrule
