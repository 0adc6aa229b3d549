// What does the command line of a benchmark say? `--name value` in any order, lists with commas.
#pragma once

#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "base/index.hpp"

namespace chainrule::bench {

inline std::vector<std::string> split_list(const std::string& list, char separator = ',') {
  std::vector<std::string> parts;
  std::istringstream stream(list);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

inline Index to_count(const std::string& name, const std::string& value) {
  std::istringstream stream(value);
  Index count = 0;
  check((stream >> count) && stream.eof() && count > 0, name,
        ": expected a whole number from 1, got ", value);
  return count;
}

class Options {
 public:
  // `defaults` holds every option there is.
  Options(int argc, char** argv, std::map<std::string, std::string> defaults)
      : values_(std::move(defaults)) {
    for (int i = 1; i < argc; i += 2) {
      const std::string name = argv[i];
      const auto found = values_.find(name);
      check(found != values_.end(), "options: expected one of ", known(), ", got ", name);
      check(i + 1 < argc, name, ": expected a value, got none");
      found->second = argv[i + 1];
    }
  }

  const std::string& operator[](const std::string& name) const { return values_.at(name); }
  std::vector<std::string> list(const std::string& name) const {
    return split_list(values_.at(name));
  }
  Index count(const std::string& name) const { return to_count(name, values_.at(name)); }

 private:
  std::string known() const {
    std::string all;
    for (const auto& [name, value] : values_) all += (all.empty() ? "" : " ") + name;
    return all;
  }

  std::map<std::string, std::string> values_;
};

}  // namespace chainrule::bench
