#include "bindings/formula_info.hpp"

#include <algorithm>

namespace chainrule {

namespace {

template <class Value>
constexpr FieldKind kind_of() {
  if (std::is_enum_v<Value>) return FieldKind::word;
  if (std::is_same_v<Value, bool>) return FieldKind::flag;
  if (std::is_same_v<Value, Index>) return FieldKind::integer;
  if (std::is_same_v<Value, MaybeNumber>) return FieldKind::maybe_number;
  return std::is_same_v<Value, Numbers> ? FieldKind::numbers : FieldKind::number;
}

std::string numbers_text(FieldKind kind, const Interval& range) {
  switch (kind) {
    case FieldKind::flag:
      return "bool";
    case FieldKind::integer:
      return "int in " + to_text(range);
    case FieldKind::maybe_number:
      return "float or None in " + to_text(range);
    case FieldKind::numbers:
      return "sequence of float in " + to_text(range);
    default:
      return "float in " + to_text(range);
  }
}

template <class F>
std::vector<FieldInfo> fields_of() {
  std::vector<FieldInfo> fields;
  for_each_field(F{}, [&]<class Field>(const Field& field) {
    constexpr FieldKind kind = kind_of<typename Field::Value>();
    FieldInfo info{F::class_name, field.name, field.doc, kind, {}, {}};
    if constexpr (kind == FieldKind::word) {
      info.values = to_text(field);
      info.words = {field.words.begin(), field.words.end()};
    } else {
      info.values = numbers_text(kind, field.range);
    }
    fields.push_back(std::move(info));
  });
  return fields;
}

template <class F>
std::vector<std::pair<const char*, ClassAttribute>> attributes_of() {
  if constexpr (requires { F::initializer; }) {
    return {{"default_initializer", F::initializer},
            {"default_loss", F::loss},
            {"row_wise", F::row_wise}};
  } else if constexpr (requires { F::averages_outputs; }) {
    using Matching = typename F::Matching;
    return {
        {"takes_classes", std::string_view(F{}.targets()) == "classes"},
        {"averages_outputs", F::averages_outputs},
        {"gradient_factor", F::gradient_factor},
        // The gradient by z behind the matching activation: y_hat - y times the factor, or
        // another one.
        {"has_plain_gradient", !requires(Mse v) { F{}.fused_gradient(v, v); }},
        {"matching_activation", std::is_same_v<Matching, NoActivation> ? nullptr : Matching::name}};
  } else if constexpr (requires { F::learning_rate; }) {
    return {{"full_batch", std::is_same_v<F, Lbfgs>}};
  } else {
    return {};
  }
}

template <class List>
FamilyInfo family(const char* name, const char* word, List list) {
  FamilyInfo info{name, word, {}};
  for_each_type(list, [&]<class F>() {
    info.members.push_back({name, F::name, F::class_name, F::doc, F::reference, fields_of<F>(),
                            attributes_of<F>(), to_spec(F{}),
                            [](const FormulaSpec& spec) { from_spec<F>(spec); }});
  });
  return info;
}

}  // namespace

bool FormulaInfo::has_field(std::string_view field) const {
  return std::ranges::any_of(fields, [&](const FieldInfo& own) { return own.name == field; });
}

std::vector<std::string> FamilyInfo::names() const {
  std::vector<std::string> all;
  for (const FormulaInfo& member : members) all.emplace_back(member.name);
  return all;
}

const std::vector<FamilyInfo>& formula_families() {
  static const std::vector<FamilyInfo> families = {
      family("activations", "activation", Activations{}),
      family("losses", "loss", Losses{}),
      family("optimizers", "optimizer", AllOptimizers{}),
      family("initializers", "initializer", Initializers{}),
  };
  return families;
}

const FormulaInfo& formula_info(std::string_view name) {
  for (const FamilyInfo& family : formula_families())
    for (const FormulaInfo& member : family.members)
      if (member.name == name) return member;
  throw_unknown("formula", name, {});
}

}  // namespace chainrule
