#include "fuzz/json_change.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <sstream>
#include <string_view>
#include <vector>

#include "formulas/registry.hpp"

namespace chainrule::fuzz {

namespace {

// A member or an element: text[begin, end). Its value begins behind the colon, if there is one.
struct Item {
  std::size_t begin, value, end;
};

// Behind the string that begins at `at`.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return std::min(at + 1, text.size());
}

// All items, on every level; brackets that do not match do no harm.
std::vector<Item> items_of(std::string_view text) {
  std::vector<Item> items, open;
  const auto close = [&](std::size_t end) {
    if (open.back().begin < end) items.push_back({open.back().begin, open.back().value, end});
  };
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    at = c == '"' ? string_end(text, at) : at + 1;
    if (c == '{' || c == '[') {
      open.push_back({at, at, 0});
    } else if (!open.empty() && c == ':') {
      open.back().value = at;
    } else if (!open.empty() && c == ',') {
      close(at - 1);
      open.back() = {at, at, 0};
    } else if (!open.empty() && (c == '}' || c == ']')) {
      close(at - 1);
      open.pop_back();
    }
  }
  return items;
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return std::vector<std::string>(std::istream_iterator<std::string>(in),
                                  std::istream_iterator<std::string>());
}

// What stands in the place of a value: numbers at the ends of their types and what is no number,
// texts that are not UTF-8, and every name that means something in a file.
const std::vector<std::string>& odd_values() {
  static const std::vector<std::string> values = [] {
    std::vector<std::string> all = words(
        "0 1 2 -1 -0 1.0 3.5 1e0 1E+2 1e400 -1e400 1e-400 00 01 +1 .5 1. 0x10 NaN Infinity "
        "2147483648 4294967295 4294967296 4294967297 1099511627775 1099511627776 "
        "281474976710656 4611686018427387904 9007199254740993 9223372036854775807 "
        "9223372036854775808 -9223372036854775808 18446744073709551615 18446744073709551616 "
        "null true false {} [] [0] [0,0] [1,1] [[]]");
    for (const char* quoted : {"",
                               R"("")",
                               R"("\u0000")",
                               R"("\ud800")",
                               R"("\ud83d\ude00")",
                               R"("\q")",
                               R"("\u12")",
                               "\"\xff\"",
                               "\"\xc0\xaf\"",
                               "\"\xed\xa0\x80\"",
                               "\"\xf4\x90\x80\x80\"",
                               "\"\n\"",
                               "\"",
                               R"("../../etc/passwd")",
                               R"("F16")",
                               R"("F32")",
                               R"("F64")",
                               R"("float32")",
                               R"("float64")",
                               R"("dense")",
                               R"("activation")"})
      all.emplace_back(quoted);
    for (const auto& family :
         {names(Activations{}), names(Losses{}), names(AllOptimizers{}), names(Initializers{})})
      for (const std::string& name : family) all.push_back('"' + name + '"');
    all.push_back('"' + std::string(300, 'n') + '"');
    all.push_back(std::string(400, '9'));
    return all;
  }();
  return values;
}

// ---- Changes of a text that has these items -----------------------------------------------------

using Items = std::vector<Item>;

const Item& any(const Items& items, Random& random) { return items[random() % items.size()]; }

std::string whole(std::string_view text, const Item& item) {
  return std::string(text.substr(item.begin, item.end - item.begin));
}

std::string value_of(std::string_view text, const Item& item) {
  return std::string(text.substr(item.value, item.end - item.value));
}

void set_value(std::string& text, const Item& item, std::string_view value) {
  text.replace(item.value, item.end - item.value, value);
}

void remove_item(std::string& text, const Items& items, Random& random) {
  const Item& item = any(items, random);
  const bool comma = item.end < text.size() && text[item.end] == ',';
  text.erase(item.begin, item.end - item.begin + (comma ? 1 : 0));
}

// Once, or now and then very often.
void repeat_item(std::string& text, const Items& items, Random& random) {
  const Item& item = any(items, random);
  const std::size_t n_times = random() % 32 == 0 ? random() % 3000 : 1;
  const std::string again = ',' + whole(text, item);
  std::string all;
  for (std::size_t i = 0; i < n_times; ++i) all += again;
  text.insert(item.end, all);
}

// Two of which neither contains the other; the later one first, so that the earlier stays in place.
void exchange_items(std::string& text, const Items& items, Random& random) {
  Item a = any(items, random), b = any(items, random);
  if (b.begin < a.begin) std::swap(a, b);
  if (a.end > b.begin) return;
  const std::string first = whole(text, a), second = whole(text, b);
  text.replace(b.begin, second.size(), first);
  text.replace(a.begin, first.size(), second);
}

void copy_value(std::string& text, const Items& items, Random& random) {
  set_value(text, any(items, random), value_of(text, any(items, random)));
}

void put_odd_value(std::string& text, const Items& items, Random& random) {
  set_value(text, any(items, random), odd_values()[random() % odd_values().size()]);
}

// Replaces the first digit of a value, or puts another before it.
void change_digit(std::string& text, const Items& items, Random& random) {
  const Item& item = any(items, random);
  const std::size_t at = text.find_first_of("0123456789", item.value);
  if (at >= item.end) return;
  const char digit = static_cast<char>('0' + random() % 10);
  if (random() % 4 == 0)
    text.insert(at, 1, digit);
  else
    text[at] = digit;
}

void nest_value(std::string& text, const Items& items, Random& random) {
  const Item& item = any(items, random);
  const std::size_t depth = 1 + (random() % 4 == 0 ? random() % 5000 : random() % 20);
  const std::string value = random() % 2 == 0 ? value_of(text, item) : "";
  std::string nested;
  const bool object = random() % 4 == 0;
  for (std::size_t i = 0; i < depth; ++i) nested += object ? "{\"a\":" : "[";
  nested += value;
  if (random() % 4 != 0) nested += std::string(depth, object ? '}' : ']');
  set_value(text, item, nested);
}

void rename_key(std::string& text, const Items& items, Random& random) {
  const Item& item = any(items, random);
  const Item& other = any(items, random);
  const std::string key = text.substr(other.begin, other.value - other.begin);
  if (random() % 2 == 0)
    text.replace(item.begin, item.value - item.begin, key);
  else
    text.insert(item.begin + 1, 1, static_cast<char>(random() % 256));
}

// Adds white space, or escapes a letter: to a reader of JSON the text is the same.
void respell(std::string& text, const Items& items, Random& random) {
  const Item& item = any(items, random);
  if (random() % 2 == 0) {
    const std::string space(1 + random() % 3, " \n\t\r"[random() % 4]);
    text.insert(std::array{item.begin, item.value, item.end}[random() % 3], space);
    return;
  }
  const std::size_t at = text.find('"', item.value) + 1;
  if (at == 0 || at >= item.end || text[at] < 'a' || text[at] > 'z') return;
  const auto code = static_cast<unsigned char>(text[at]);
  text.replace(
      at, 1,
      {'\\', 'u', '0', '0', static_cast<char>('0' + code / 16), "0123456789aBcDeF"[code % 16]});
}

void edit_bytes(std::string& text, Random& random) {
  const std::size_t at = random() % (text.size() + 1);
  const std::size_t n_cut = random() % 3 == 0 ? 0 : random() % 9;
  std::string bytes(random() % 3 == 0 ? 0 : random() % 9, ' ');
  for (char& byte : bytes)
    byte = random() % 2 == 0 ? "{}[]\",:\\/eE+-.0189 au"[random() % 21]
                             : static_cast<char>(random() % 256);
  text.replace(at, n_cut, bytes);
}

constexpr std::array kChanges = {remove_item, repeat_item,   exchange_items, copy_value,
                                 copy_value,  put_odd_value, put_odd_value,  change_digit,
                                 nest_value,  rename_key,    respell,        respell};

}  // namespace

void change_json(std::string& text, Random& random) {
  const Items items = items_of(text);
  const std::size_t kind = random() % (kChanges.size() + 1);
  if (items.empty() || kind == kChanges.size())
    edit_bytes(text, random);
  else
    kChanges[kind](text, items, random);
}

}  // namespace chainrule::fuzz
