#include "formulas/registry.hpp"

#include <algorithm>

namespace chainrule {

namespace {

// Levenshtein distance: insertions, deletions and replacements between two short words.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

}  // namespace

std::optional<double> initial_slope(const FormulaSpec& activation) {
  std::optional<double> slope;
  for_each_type(Activations{}, [&]<class F>() {
    if constexpr (has_slopes<F>)
      if (activation.name == F::name) slope = F::initial_slope;
  });
  return slope;
}

std::string unknown_text(std::string_view family, std::string_view name,
                         const std::vector<std::string>& known) {
  std::vector<std::string> near;
  for (const std::string& word : known)
    if (edit_distance(name, word) <= std::max<std::size_t>(2, name.size() / 3))
      near.push_back(word);
  return text(family, ": unknown name '", name, "'; ",
              near.empty() ? std::string() : "did you mean " + joined(near) + "? ",
              "Known: ", joined(known));
}

void throw_unknown(std::string_view family, std::string_view name,
                   const std::vector<std::string>& known) {
  throw std::invalid_argument(unknown_text(family, name, known));
}

}  // namespace chainrule
