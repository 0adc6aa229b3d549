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
  f(Optimizers{}, "optimizer");
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

TEST(specs_hold_the_fields_and_give_them_back) {
  for_each_list([](auto list, const char* family) {
    for_each_type(list, [&]<class F>() {
      FormulaSpec spec = default_spec(list, family, F::name);
      CHECK(spec == to_spec(F{}));
      std::size_t n_numbers = 0;
      for_each_field(F{}, [&](const auto& field) {
        const F formula;
        for_each_number(formula.*(field.member), [&](const auto&) { ++n_numbers; });
      });
      CHECK_EQUAL(spec.values.size(), n_numbers);
      CHECK(to_spec(from_spec<F>(spec)) == spec);
      // Every field goes to its own place: another allowed value of one leaves all others.
      std::size_t i = 0;
      for_each_field(F{}, [&](const auto& field) {
        F formula = F{};
        for_each_number(formula.*(field.member), [&](auto& number) {
          const auto before = number;
          FormulaSpec changed = spec;
          changed.values[i] = changed.values[i] == 0 ? 1 : 0;
          number = static_cast<std::decay_t<decltype(number)>>(changed.values[i]);
          CHECK(to_spec(formula) == changed);
          number = before;
          ++i;
        });
      });
    });
  });
}

TEST(specs_are_checked) {
  for_each_list([](auto list, const char* family) {
    for_each_type(list, [&]<class F>() {
      FormulaSpec spec = default_spec(list, family, F::name);
      std::size_t i = 0;
      for_each_field(F{}, [&](const auto& field) {
        F formula = F{};
        for_each_number(formula.*(field.member), [&](const auto& number) {
          FormulaSpec wrong = spec;
          wrong.values[i++] = std::numeric_limits<double>::quiet_NaN();
          if constexpr (std::is_same_v<std::decay_t<decltype(number)>, double>)
            CHECK_THROWS(from_spec<F>(wrong), text(F::class_name, ": ", field.name, ": expected "));
        });
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
    if constexpr (F::loss != nullptr) CHECK(contains(names(Losses{}), F::loss));
  });
  for_each_type(Losses{}, []<class F>() {
    CHECK(contains(names(Activations{}), F::Matching::name));
    CHECK_EQUAL(std::string_view(F::Matching::loss), F::name);
  });
}

}  // namespace chainrule
