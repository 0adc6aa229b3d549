// What is there to say about each formula at run time? A table made from the lists, so that all
// that talks to Python is compiled once and not for every formula.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "formulas/registry.hpp"

namespace chainrule {

enum class FieldKind { number, integer, flag, maybe_number, numbers, word };

struct FieldInfo {
  const char* class_name;
  const char* name;
  const char* doc;
  FieldKind kind;
  std::string values;              // "float in [0, inf)", "bool", "'none' or 'tanh'"
  std::vector<const char*> words;  // a word's value is its position
};

// What a class has beside its fields; a null pointer is None.
using ClassAttribute = std::variant<bool, double, const char*>;

struct FormulaInfo {
  const char* family;
  const char* name;
  const char* class_name;
  const char* doc;
  const char* reference;
  std::vector<FieldInfo> fields;
  std::vector<std::pair<const char*, ClassAttribute>> attributes;
  FormulaSpec defaults;
  void (*check)(const FormulaSpec& spec);  // refuses values outside their ranges

  bool has_field(std::string_view field) const;
};

struct FamilyInfo {
  const char* name;
  const char* word;  // for one member
  std::vector<FormulaInfo> members;

  std::vector<std::string> names() const;
};

const std::vector<FamilyInfo>& formula_families();

// A name is that of one formula in all families.
const FormulaInfo& formula_info(std::string_view name);

}  // namespace chainrule
