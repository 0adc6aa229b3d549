#include "network/model_file.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/check.hpp"
#include "base/crc32c.hpp"
#include "base/version.hpp"
#include "network/description.hpp"

namespace chainrule {

namespace {

static_assert(std::endian::native == std::endian::little,
              "tensors are copied as they lie in memory");

using Bytes = std::span<const std::byte>;

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxHeader = 1 << 20;
constexpr std::size_t kDataAlignment = 64;
constexpr std::string_view kNoDigits = "00000000";

// Tensors are read one by one, and each is 8 values.
constexpr json::Limits kHeaderLimits{4, 16};

// f(number) for all of them, which may lie at any address.
template <class T, class F>
bool all_of_numbers(Bytes data, F f) {
  for (std::size_t i = 0; i < data.size(); i += sizeof(T)) {
    T number;
    std::memcpy(&number, &data[i], sizeof(T));
    if (!f(number)) return false;
  }
  return true;
}

void check_numbers(const NamedTensor& tensor) {
  const auto all = [&](auto f) {
    return tensor.dtype == Dtype::f32 ? all_of_numbers<float>(tensor.data, f)
                                      : all_of_numbers<double>(tensor.data, f);
  };
  check(all([](auto x) { return std::isfinite(x); }), tensor.name,
        ": expected finite numbers, got NaN or infinity");
  const bool is_variance = tensor.name.ends_with(".running_var");
  check(!is_variance || all([](auto x) { return x >= 0; }), tensor.name,
        ": expected numbers of at least 0");
}

// The checksum of a file that has its digits at `at`.
std::string checksum(Bytes file, std::size_t at) {
  const Bytes no_digits = std::as_bytes(std::span(kNoDigits));
  const std::uint32_t before = crc32c(no_digits, crc32c(file.first(at)));
  const std::uint32_t crc = crc32c(file.subspan(at + kNoDigits.size()), before);
  std::string digits;
  for (int shift = 28; shift >= 0; shift -= 4) digits += "0123456789abcdef"[crc >> shift & 0xf];
  return digits;
}

// What the header says of a tensor that begins at `offset`.
json::Value entry(const TensorShape& tensor, Index offset) {
  return json::Object{{"dtype", tensor.dtype == Dtype::f32 ? "F32" : "F64"},
                      {"shape", json::Array(tensor.shape.begin(), tensor.shape.end())},
                      {"data_offsets", json::Array{offset, offset + tensor.n_bytes()}}};
}

// ---- Writing ------------------------------------------------------------------------------------

void check_tensors(std::span<const NamedTensor> tensors, const std::vector<TensorShape>& expected) {
  check(tensors.size() == expected.size(), "tensors: expected ", expected.size(), ", got ",
        tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const NamedTensor& tensor = tensors[i];
    const json::Object wanted{{expected[i].name, entry(expected[i], 0)}};
    const json::Object given{{tensor.name, entry(tensor, 0)}};
    if (given != wanted)
      throw std::invalid_argument(
          text("tensors: expected ", json::write(wanted), ", got ", json::write(given)));
    check(std::ssize(tensor.data) == tensor.n_bytes(), tensor.name, ": expected ", tensor.n_bytes(),
          " bytes, got ", tensor.data.size());
    check_numbers(tensor);
  }
}

std::string header_text(const ModelDescription& description, std::span<const NamedTensor> tensors) {
  json::Object header{{"__metadata__", json::Object{{"format", "chainrule"},
                                                    {"crc32c", std::string(kNoDigits)},
                                                    {"chainrule", description_text(description)}}}};
  Index offset = 0;
  for (const NamedTensor& tensor : tensors) {
    header.push_back({tensor.name, entry(tensor, offset)});
    offset += tensor.n_bytes();
  }
  std::string padded = json::write(header);
  while ((kLengthBytes + padded.size()) % kDataAlignment != 0) padded += ' ';
  check(padded.size() <= kMaxHeader, "layers: a model file has room for ", kMaxHeader,
        " bytes about them, these take ", padded.size());
  return padded;
}

// ---- Reading ------------------------------------------------------------------------------------

struct Header {
  std::string_view json;
  Bytes data;  // what comes after it
};

Header find_header(Bytes file) {
  std::uint64_t size = 0;
  check(file.size() > kLengthBytes, "expected more than ", kLengthBytes, " bytes, got ",
        file.size());
  std::memcpy(&size, file.data(), kLengthBytes);
  check(size <= file.size() - kLengthBytes, "header: expected ", size, " bytes, got ",
        file.size() - kLengthBytes);
  check(size <= kMaxHeader, "header: expected at most ", kMaxHeader, " bytes, got ", size);
  check((kLengthBytes + size) % kDataAlignment == 0, "header: expected its end at a multiple of ",
        kDataAlignment, " bytes, got ", kLengthBytes + size);
  const auto* first = reinterpret_cast<const char*>(file.data()) + kLengthBytes;
  const std::string_view padded(first, size);
  const std::string_view json = padded.substr(0, padded.find_last_not_of(' ') + 1);
  check(json.starts_with('{') && json.ends_with('}'), "header: expected {...} and spaces");
  return {json, file.subspan(kLengthBytes + size)};
}

// The text of the description, once the checksum of the file is found to be right.
std::string read_metadata(json::Reader& reader, Bytes file) {
  reader.expect_key("__metadata__");
  reader.enter_object();
  reader.expect_key("format");
  const std::string format = reader.string();
  check(format == "chainrule", "format: expected 'chainrule', got ", json::quoted(format));
  reader.expect_key("crc32c");
  const std::string digits = reader.string();
  // In front of the closing quote; the digits are to be found there only if none was escaped.
  const std::size_t end = kLengthBytes + reader.position() - 1, at = end - kNoDigits.size();
  const auto* characters = reinterpret_cast<const char*>(file.data());
  check('"' + digits == std::string_view(characters + at - 1, kNoDigits.size() + 1),
        "crc32c: expected 8 digits, got ", json::quoted(digits));
  const std::string actual = checksum(file, at);
  check(digits == actual, "the file is damaged or not complete: its checksum is ", actual,
        ", but should be ", digits);
  reader.expect_key("chainrule");
  std::string description = reader.string();
  reader.expect_no_key();
  return description;
}

void check_format_version(const json::Value& version, const std::string& library_version) {
  const auto* given = version.get_if<Index>();
  check(given != nullptr && *given >= 1, "format_version: expected a positive integer, got ",
        brief(version));
  check(*given <= kFormatVersion, "format_version: the file has version ", *given,
        ", written by chainrule ", json::quoted(library_version), ", but chainrule ",
        kLibraryVersion, " reads up to version ", kFormatVersion, "; install a newer chainrule");
}

void read_versions_and_description(std::string_view json, Model& model) {
  json::Reader reader("description", json, kDescriptionLimits);
  reader.enter_object();
  reader.expect_key("format_version");
  const json::Value version = reader.value();
  reader.expect_key("library_version");
  model.library_version = reader.string();
  check_format_version(version, model.library_version);
  model.description = read_description(reader);
  reader.finish();
}

// Takes what the header says of a tensor that begins at `offset`, which must be just this.
void expect_entry(json::Reader& reader, const TensorShape& tensor, Index offset) {
  reader.expect_key(tensor.name);
  const std::size_t begin = reader.position();
  const json::Value given = reader.value(), wanted = entry(tensor, offset);
  if (given != wanted)
    throw std::invalid_argument(text(tensor.name, ": expected ", json::write(wanted), ", got ",
                                     json::quoted(reader.text_from(begin), 200)));
}

void read_tensors(json::Reader& reader, Bytes data, Model& model) {
  Index offset = 0;
  visit_tensors(model.description, [&](TensorShape tensor) {
    expect_entry(reader, tensor, offset);
    const Index size = tensor.n_bytes();
    check(size <= std::ssize(data) - offset, tensor.name, ": expected ", size, " bytes, got ",
          std::ssize(data) - offset);
    const Bytes bytes =
        data.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
    model.tensors.push_back({std::move(tensor), bytes});
    offset += size;
  });
  reader.expect_no_key();
  check(offset == std::ssize(data), "tensors: expected ", offset, " bytes, got ", data.size());
}

Model read(Bytes file) {
  const Header header = find_header(file);
  json::Reader reader("header", header.json, kHeaderLimits);
  reader.enter_object();
  Model model;
  read_versions_and_description(read_metadata(reader, file), model);
  read_tensors(reader, header.data, model);
  reader.finish();
  for (const NamedTensor& tensor : model.tensors) check_numbers(tensor);
  return model;
}

}  // namespace

std::string description_text(const ModelDescription& description) {
  json::Object members{{"format_version", kFormatVersion}, {"library_version", kLibraryVersion}};
  const json::Value value = to_value(description);
  const auto& rest = *value.get_if<json::Object>();
  members.insert(members.end(), rest.begin(), rest.end());
  return json::write(members);
}

ModelDescription description_from_text(std::string_view text) {
  Model model;
  read_versions_and_description(text, model);
  return std::move(model.description);
}

std::vector<std::byte> write_model(const ModelDescription& description,
                                   std::span<const NamedTensor> tensors) {
  // What is written can be read.
  (void)description_from(to_value(description));
  check_tensors(tensors, expected_tensors(description));
  const std::string header = header_text(description, tensors);
  const std::uint64_t header_size = header.size();
  std::size_t size = kLengthBytes + header.size();
  for (const NamedTensor& tensor : tensors) size += tensor.data.size();
  std::vector<std::byte> file(size);
  auto end = file.begin();
  const auto append = [&](Bytes bytes) { end = std::copy(bytes.begin(), bytes.end(), end); };
  append(std::as_bytes(std::span(&header_size, 1)));
  append(std::as_bytes(std::span(header)));
  for (const NamedTensor& tensor : tensors) append(tensor.data);
  // The digits are the first of the header; nothing in front of them varies.
  const std::size_t at = kLengthBytes + header.find(kNoDigits);
  const std::string digits = checksum(file, at);
  std::memcpy(&file[at], digits.data(), digits.size());
  return file;
}

Model read_model(std::span<const std::byte> bytes) {
  try {
    return read(bytes);
  } catch (const std::invalid_argument& error) {
    throw ModelFileError(text("model file: ", error.what()));
  }
}

}  // namespace chainrule
