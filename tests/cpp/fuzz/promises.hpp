// What is promised of a model file, whatever bytes are in it? Each function throws BrokenPromise if
// that does not hold, and says whether there was a model.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>

namespace chainrule::fuzz {

class BrokenPromise : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// Reading ends in a model or in a ModelFileError and takes no more memory than twice the size of
// the file and 1 MB. Written again, the model says what the file said; read and written once more,
// it has the same bytes.
bool check_reading(std::span<const std::byte> file);

// A network that comes out of a file predicts, and comes back from a file of its own with the same
// bytes and the same predictions.
bool check_network(std::span<const std::byte> file);

}  // namespace chainrule::fuzz
