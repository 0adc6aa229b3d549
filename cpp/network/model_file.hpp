// How does a model lie in a file? In the layout of safetensors: a header of JSON, then the bytes of
// the tensors, little-endian. Whatever bytes are given, reading ends in a model or in a
// ModelFileError.
//
//   8 bytes    n, the size of the header
//   n bytes    {"__metadata__": {"format": "chainrule", "crc32c": 8 digits,
//                                "chainrule": the description as text},
//               "layers.0.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
//               ...}
//              and spaces, so that the tensors begin at a multiple of 64
//   the rest   the tensors of expected_tensors(), in that order, without gaps
//
// The checksum is of the whole file, with 00000000 for its own digits.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "network/tensor_names.hpp"

namespace chainrule {

inline constexpr Index kFormatVersion = 1;

class ModelFileError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// A tensor whose numbers somebody else owns; they may lie at any address.
struct NamedTensor : TensorShape {
  std::span<const std::byte> data;
};

struct Model {
  ModelDescription description;
  std::string library_version;       // of the library that wrote it
  std::vector<NamedTensor> tensors;  // those of expected_tensors(), in that order
};

// What a file says under the key "chainrule": the versions and the description, as JSON; and the
// way back, for which std::invalid_argument says what is wrong.
std::string description_text(const ModelDescription& description);
ModelDescription description_from_text(std::string_view text);

// `tensors` must be those of expected_tensors(), in that order, with finite numbers;
// std::invalid_argument otherwise.
std::vector<std::byte> write_model(const ModelDescription& description,
                                   std::span<const NamedTensor> tensors);

// The tensors of the model lie in `bytes`. At no time is more allocated than twice the size of the
// file and 1 MB, whatever the file claims.
Model read_model(std::span<const std::byte> bytes);

}  // namespace chainrule
