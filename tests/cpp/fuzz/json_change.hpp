// What can be wrong with a text of JSON? It is changed in one place, as somebody would who knows
// how it is built.
#pragma once

#include <random>
#include <string>

namespace chainrule::fuzz {

// The same numbers everywhere: random() % n, and no distribution of the standard library.
using Random = std::mt19937_64;

// Members and elements are removed, repeated, exchanged, renamed and nested, values replaced by
// others or by such as no reader likes, bytes edited. Now and then the text says the same as
// before. Any text is taken, well-formed or not.
void change_json(std::string& text, Random& random);

}  // namespace chainrule::fuzz
