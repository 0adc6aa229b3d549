#include "network/model_file.hpp"

#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>

#include "fuzz/model_files.hpp"
#include "fuzz/promises.hpp"
#include "network/description.hpp"
#include "network/file_parts.hpp"
#include "test.hpp"

namespace chainrule {

namespace {

ModelDescription example(const char* dtype, bool optimizer) {
  DenseSpec hidden, output;
  hidden.units = 4;
  hidden.activation = to_spec(Relu{});
  hidden.initializer = to_spec(HeNormal{});
  hidden.bias_initializer = output.bias_initializer = to_spec(Zeros{});
  output.units = 2;
  output.activation = to_spec(Identity{});
  output.bias = false;
  ModelDescription model;
  model.network = {
      dtype, 3, 7, {hidden, output, ActivationSpec{to_spec(Softmax{})}}, to_spec(CrossEntropy{})};
  if (optimizer) model.optimizer = OptimizerSpec{to_spec(Adam{}), 5};
  model.training_forwards = 6;
  model.epochs = 1;
  return model;
}

// A model with its numbers: 0.5, 1.5, 2.5, ... through all tensors.
struct Example {
  explicit Example(const ModelDescription& model) : description(model) {
    double next = 0.5;
    for (const TensorShape& shape : expected_tensors(model)) {
      numbers.push_back(std::make_unique<Bytes>());
      for (Index i = 0; i < shape.size(); ++i, next += 1.0)
        append(shape.dtype, next, *numbers.back());
      tensors.push_back({shape, *numbers.back()});
    }
  }

  static void append(Dtype dtype, double number, Bytes& bytes) {
    const auto single = static_cast<float>(number);
    const auto item = dtype == Dtype::f32 ? std::as_bytes(std::span(&single, 1))
                                          : std::as_bytes(std::span(&number, 1));
    bytes.insert(bytes.end(), item.begin(), item.end());
  }

  Bytes file() const { return write_model(description, tensors); }

  ModelDescription description;
  std::vector<std::unique_ptr<Bytes>> numbers;
  std::vector<NamedTensor> tensors;
};

Bytes small_file() { return Example(example("float32", false)).file(); }

Bytes four_kilobytes() {
  ModelDescription model = example("float32", true);
  std::get<DenseSpec>(model.network.layers[0]).units = 32;
  return Example(model).file();
}

// A file with a right checksum whose header has `to` in place of `from`.
Bytes with(const Bytes& file, std::string_view from, std::string_view to) {
  std::string header = header_of(file);
  const std::size_t at = header.find(from);
  CHECK(at != std::string::npos);
  return sealed(assembled(header.replace(at, from.size(), to), data_of(file)));
}

Bytes with(std::string_view from, std::string_view to) { return with(small_file(), from, to); }

bool refused(const Bytes& file) {
  try {
    (void)read_model(file);
  } catch (const ModelFileError&) {
    return true;
  }
  return false;
}

// A file that says this of a network, and behind it `entries`, but has no tensors.
Bytes without_tensors(const std::string& description, const std::string& entries) {
  return sealed(
      assembled(R"({"__metadata__":{"format":"chainrule","crc32c":"00000000","chainrule":)" +
                    json::write(description) + "}" + entries + "}",
                ""));
}

}  // namespace

TEST(model_file_comes_back_as_it_was_written) {
  for (const char* dtype : {"float32", "float64"})
    for (const bool optimizer : {false, true}) {
      const Example model(example(dtype, optimizer));
      const Bytes file = model.file();
      const Model read = read_model(file);
      CHECK(read.description.network == model.description.network);
      CHECK(read.description.optimizer == model.description.optimizer);
      CHECK_EQUAL(read.description.training_forwards, 6);
      CHECK_EQUAL(read.description.epochs, 1);
      CHECK_EQUAL(read.tensors.size(), model.tensors.size());
      std::vector<NamedTensor> tensors;
      for (std::size_t i = 0; i < read.tensors.size(); ++i) {
        CHECK(static_cast<const TensorShape&>(read.tensors[i]) == model.tensors[i]);
        CHECK(std::ranges::equal(read.tensors[i].data, model.tensors[i].data));
        CHECK(read.tensors[i].data.data() >= file.data() &&
              read.tensors[i].data.data() < file.data() + file.size());
      }
      CHECK(write_model(read.description, read.tensors) == file);
    }
}

TEST(model_file_layout) {
  const Bytes file = Example(example("float32", true)).file();
  CHECK_EQUAL((8 + header_size(file)) % 64, 0u);
  const std::string header = header_of(file);
  CHECK(header.starts_with(R"({"__metadata__":{"format":"chainrule","crc32c":")"));
  CHECK(header.find(R"({\"format_version\":1,\"library_version\":\")") != std::string::npos);
  CHECK(header.find(R"("layers.0.weight":{"dtype":"F32","shape":[4,3],"data_offsets":[0,48]},)"
                    R"("layers.0.bias":{"dtype":"F32","shape":[4],"data_offsets":[48,64]},)"
                    R"("layers.1.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[64,96]},)"
                    R"("optimizer.exp_avg.layers.0.weight":)") != std::string::npos);
  CHECK(header.find(
            R"("optimizer.beta_2_power":{"dtype":"F64","shape":[],"data_offsets":[296,304]}})") !=
        std::string::npos);
  CHECK_EQUAL(data_of(file).size(), 304u);
  CHECK(sealed(file) == file);
}

TEST(model_file_is_read_at_any_address) {
  const Bytes file = Example(example("float64", true)).file();
  for (std::size_t shift = 0; shift < 9; ++shift) {
    Bytes moved(shift);
    moved.insert(moved.end(), file.begin(), file.end());
    CHECK_EQUAL(read_model(std::span(moved).subspan(shift)).tensors.size(), 11u);
  }
}

// Of a file with every kind of tensor, and long enough that each part of it is.
TEST(model_file_cut_anywhere_is_refused) {
  const Bytes file = four_kilobytes();
  CHECK(file.size() >= 4096);
  for (std::size_t size = 0; size < file.size(); ++size)
    CHECK(refused(Bytes(file.data(), file.data() + size)));
}

TEST(model_file_with_any_bit_flipped_is_refused) {
  Bytes file = four_kilobytes();
  for (std::byte& byte : file)
    for (unsigned bit = 0; bit < 8; ++bit) {
      byte ^= std::byte{1} << bit;
      CHECK(refused(file));
      byte ^= std::byte{1} << bit;
    }
}

TEST(model_file_says_that_it_is_damaged) {
  Bytes file = small_file();
  file.back() ^= std::byte{1};
  CHECK_THROWS(read_model(file),
               "model file: the file is damaged or not complete: its checksum is ");
  file.pop_back();
  CHECK_THROWS(read_model(file),
               "model file: the file is damaged or not complete: its checksum is ");
  CHECK_THROWS(read_model({}), "model file: expected more than 8 bytes, got 0");
}

TEST(model_file_of_another_kind) {
  CHECK_THROWS(
      read_model(assembled(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "abcd")),
      "model file: header: expected key '__metadata__', got 'w'");
  CHECK_THROWS(read_model(assembled(R"({"__metadata__":{"format":"pt"}})", "")),
               "model file: format: expected 'chainrule', got 'pt'");
  CHECK_THROWS(read_model(assembled("{}", "")),
               "model file: header: expected key '__metadata__', got none");
  CHECK_THROWS(read_model(Bytes(100, std::byte{'x'})), "model file: header: expected ");
}

TEST(model_file_of_a_newer_version) {
  const std::string newer = R"({\"format_version\":2,\"library_version\":\"7.1.0\",\"new\":1,)";
  Bytes file = with(R"({\"format_version\":1,\"library_version\":\"0.1.0\",)", newer);
  CHECK_THROWS(read_model(file),
               "the file has version 2, written by chainrule '7.1.0', but chainrule ");
  CHECK_THROWS(read_model(file), " reads up to version 1; install a newer chainrule");
  CHECK_EQUAL(read_model(with(R"(\"0.1.0\")", R"(\"0.0.9\")")).library_version, "0.0.9");
  for (const char* version : {"0", "-1", "1.0", R"(\"1\")", "null"})
    CHECK_THROWS(
        read_model(with(R"(\"format_version\":1,)", text(R"(\"format_version\":)", version, ","))),
        "format_version: expected a positive integer, got ");
}

TEST(model_file_with_a_wrong_header_is_refused) {
  const Bytes file = small_file();
  const auto resized = [&](std::uint64_t size) {
    Bytes changed = file;
    std::memcpy(changed.data(), &size, 8);
    return sealed(changed);
  };
  CHECK_THROWS(read_model(resized(header_size(file) - 1)),
               "header: expected its end at a multiple of 64 bytes");
  CHECK_THROWS(read_model(resized(header_size(file) - 64)), "header: ");
  CHECK_THROWS(read_model(resized(file.size() - 7)), "header: expected ");
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{56}, std::numeric_limits<std::uint64_t>::max(),
        std::uint64_t{1} << 63, std::uint64_t{1} << 32})
    CHECK_THROWS(read_model(resized(size)), "header: ");
  std::string header = header_of(file);
  for (const std::string& wrong :
       {" " + header, header + "\n", header + "\t ", header + "{}", "[" + header + "]"})
    CHECK_THROWS(read_model(sealed(assembled(wrong, data_of(file)))), "header: ");
  header.insert(header.find_last_of('}'),
                R"(,"layers.0.weight":{"dtype":"F32","shape":[],"data_offsets":[0,4]})");
  CHECK_THROWS(read_model(sealed(assembled(header, data_of(file)))),
               "header: unknown key 'layers.0.weight'");
  CHECK_THROWS(
      read_model(assembled("{\"__metadata__\":{\"format\":\"chainrule\",\"a\":\"\xff\"}}", "")),
      "expected UTF-8");
  CHECK(!refused(sealed(assembled(header_of(file) + std::string(640, ' '), data_of(file)))));
}

TEST(model_file_with_a_header_that_is_too_long) {
  const Bytes file = small_file();
  const auto padded = [&](std::size_t size) {
    return sealed(
        assembled(header_of(file) + std::string(size - header_size(file), ' '), data_of(file)));
  };
  CHECK(!refused(padded((1 << 20) - 8)));
  CHECK_THROWS(read_model(padded((1 << 20) + 56)),
               "header: expected at most 1048576 bytes, got 1048632");
}

TEST(model_file_with_wrong_metadata_is_refused) {
  CHECK_THROWS(read_model(with(R"("chainrule":")", R"("extra":"1","chainrule":")")),
               "expected key 'chainrule', got 'extra'");
  CHECK_THROWS(read_model(with(R"(}"},"layers.0.weight")", R"(}","extra":"1"},"layers.0.weight")")),
               "header: unknown key 'extra'");
  CHECK_THROWS(read_model(with(R"("format":"chainrule")", R"("format":7)")), "header: byte ");
  const Bytes file = small_file();
  const std::string header = header_of(file);
  const std::size_t at = header.find(R"("crc32c":")") + 10;
  for (const char* digits : {"", "0", "0000000", "000000000", "0000000g", "ABCDEF01",
                             R"(\u0030000000)", R"(\u00300000000)"}) {
    std::string changed = header;
    changed.replace(at, 8, digits);
    CHECK_THROWS(read_model(assembled(changed, data_of(file))), "model file: ");
  }
}

TEST(model_file_with_a_wrong_description_is_refused) {
  CHECK_THROWS(read_model(with(R"(\"units\":2)", R"(\"units\":-3)")),
               "model file: layers[1].units: expected a positive integer, got -3");
  CHECK_THROWS(
      read_model(with(R"(\"units\":2)", R"(\"units\":3)")),
      R"(model file: layers.1.weight: expected {"dtype":"F32","shape":[3,4],"data_offsets":[64,112]}, got )");
  CHECK_THROWS(read_model(with(R"(\"n_features\":3)", R"(\"n_features\":1099511627776)")),
               "n_features: expected at most");
  CHECK_THROWS(read_model(with(R"(\"units\":2)", R"(\"units\":4294967296)")),
               "layers.1.weight: expected {");
  CHECK_THROWS(read_model(with(R"(\"epochs\":1)", R"(\"epochs\":1,\"epochs\":1)")),
               "key 'epochs' is there twice");
  CHECK_THROWS(read_model(with(R"(\"epochs\":1)", R"(\"epochs\":1,\"owner\":1)")),
               "unknown key 'owner'");
  CHECK_THROWS(read_model(with(R"(\"labels\":null)", R"(\"labels\":[1])")),
               "labels: expected null, which is all");
  CHECK_THROWS(read_model(with(R"(\"cursor\":null})", R"(\"cursor\":null} {})")),
               "expected nothing more");
  CHECK_THROWS(
      read_model(with(R"(\"labels\":null)", text(R"(\"labels\":)", std::string(100, '[')))),
      "in each other");
  CHECK_THROWS(read_model(with(R"(\"dtype\":\"float32\")", R"(\"dtype\":\"float64\")")),
               "layers.0.weight: expected {");
  CHECK_THROWS(read_model(with(R"(\"bias\":false)", R"(\"bias\":true)")),
               "expected key 'layers.1.bias', got none");
  CHECK_THROWS(read_model(with(R"(\"optimizer\":null)", R"(\"optimizer\":{\"name\":\"adam\"})")),
               "optimizer.learning_rate");
}

TEST(model_file_with_wrong_tensors_is_refused) {
  const std::string weight =
      R"("layers.0.weight":{"dtype":"F32","shape":[4,3],"data_offsets":[0,48]},)";
  const std::string bias = R"("layers.0.bias":{"dtype":"F32","shape":[4],"data_offsets":[48,64]},)";
  CHECK_THROWS(read_model(with(weight + bias, bias + weight)),
               "expected key 'layers.0.weight', got 'layers.0.bias'");
  CHECK_THROWS(read_model(with(weight, "")), "expected key 'layers.0.weight', got 'layers.0.bias'");
  CHECK_THROWS(read_model(with(weight, weight + weight)),
               "expected key 'layers.0.bias', got 'layers.0.weight'");
  for (const auto& change :
       {std::pair(R"("dtype":"F32","shape":[4,3])", R"("dtype":"F64","shape":[4,3])"),
        std::pair(R"("dtype":"F32","shape":[4,3])", R"("dtype":"F16","shape":[4,3])"),
        std::pair("[4,3]", "[3,4]"), std::pair("[4,3]", "[12]"), std::pair("[4,3]", "[4,3,1]"),
        std::pair("[4,3]", "[4,3.0]"), std::pair("[4,3]", "[4,-3]"), std::pair("[4,3]", "[4,3e0]"),
        std::pair("[4,3]", "[4611686018427387904,4611686018427387904]"),
        std::pair("[4,3]", "[18446744073709551620,3]"), std::pair("[4,3]", "12"),
        std::pair("[0,48]", "[0,47]"), std::pair("[0,48]", "[4,52]"), std::pair("[0,48]", "[48,0]"),
        std::pair("[0,48]", "[-48,0]"), std::pair("[0,48]", "[0,48,96]"),
        std::pair("[0,48]", "[0]"), std::pair("[0,48]", "[0,18446744073709551615]"),
        std::pair("[0,48]}", "[0,48],\"a\":1}")})
    CHECK_THROWS(
        read_model(with(change.first, change.second)),
        R"(layers.0.weight: expected {"dtype":"F32","shape":[4,3],"data_offsets":[0,48]}, got )");
  CHECK_THROWS(read_model(with("[48,64]", "[52,68]")), "layers.0.bias: expected {");
  CHECK_THROWS(read_model(with("[48,64]", "[0,16]")), "layers.0.bias: expected {");
  CHECK_THROWS(read_model(with(R"({"dtype":"F32",)", R"({"dtype":"F32","dtype":"F32",)")),
               "key 'dtype' is there twice");
}

TEST(model_file_with_too_much_or_too_little_data_is_refused) {
  const Bytes file = small_file();
  const std::string header = header_of(file), data(data_of(file));
  CHECK(!refused(sealed(assembled(header, data))));
  CHECK_THROWS(read_model(sealed(assembled(header, data + "x"))),
               "tensors: expected 96 bytes, got 97");
  CHECK_THROWS(read_model(sealed(assembled(header, data.substr(1)))),
               "layers.1.weight: expected 32 bytes, got 31");
  CHECK_THROWS(read_model(sealed(assembled(header, ""))),
               "layers.0.weight: expected 48 bytes, got 0");
}

TEST(model_file_with_numbers_that_are_not_finite) {
  for (const double wrong :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity()})
    for (const char* dtype : {"float32", "float64"}) {
      Example model(example(dtype, true));
      const Bytes good = model.file();
      for (std::size_t i = 0; i < model.tensors.size(); ++i) {
        Bytes number;
        Example::append(model.tensors[i].dtype, wrong, number);
        Bytes file = good;
        std::copy(number.begin(), number.end(),
                  file.begin() + (read_model(good).tensors[i].data.data() - good.data()));
        CHECK_THROWS(read_model(sealed(file)),
                     text(model.tensors[i].name, ": expected finite numbers"));
      }
      Bytes last;
      Example::append(model.tensors[0].dtype, wrong, last);
      std::copy(last.begin(), last.end(), model.numbers[0]->end() - std::ssize(last));
      CHECK_THROWS(model.file(), "layers.0.weight: expected finite numbers, got NaN or infinity");
    }
}

TEST(model_file_with_variances_below_0) {
  for (const char* dtype : {"float32", "float64"}) {
    ModelDescription description = example(dtype, true);
    description.network.layers.insert(description.network.layers.begin(), BatchNorm{});
    Example model(description);
    CHECK(read_model(model.file()).description.network == description.network);
    for (std::size_t i = 0; i < model.tensors.size(); ++i) {
      Example wrong(description);
      const NamedTensor& tensor = wrong.tensors[i];
      Bytes number;
      Example::append(tensor.dtype, -1e-9, number);
      std::ranges::copy(number, wrong.numbers[i]->begin());
      if (tensor.name == "layers.0.running_var")
        CHECK_THROWS(wrong.file(), "layers.0.running_var: expected numbers of at least 0");
      else
        wrong.file();
    }
  }
}

TEST(model_file_is_not_written_of_wrong_tensors) {
  const Example good(example("float32", false));
  Example model = Example(example("float32", false));
  model.tensors.pop_back();
  CHECK_THROWS(model.file(), "tensors: expected 3, got 2");
  model.tensors = good.tensors;
  std::swap(model.tensors[0], model.tensors[1]);
  CHECK_THROWS(model.file(), R"(tensors: expected {"layers.0.weight":)");
  model.tensors = good.tensors;
  model.tensors[0].shape = {3, 4};
  CHECK_THROWS(model.file(), R"(got {"layers.0.weight":{"dtype":"F32","shape":[3,4],)");
  model.tensors = good.tensors;
  model.tensors[0].data = model.tensors[0].data.first(40);
  CHECK_THROWS(model.file(), "layers.0.weight: expected 48 bytes, got 40");
  model.tensors = good.tensors;
  model.description.epochs = -1;
  CHECK_THROWS(model.file(), "epochs: expected an integer in [0, ");
}

TEST(model_file_of_too_many_layers_is_not_written) {
  ModelDescription many = example("float32", true);
  many.network.layers.insert(many.network.layers.begin(), 1500, many.network.layers[0]);
  CHECK_THROWS(Example(many).file(),
               "layers: a model file has room for 1048576 bytes about them, these take ");
}

// What a file claims and what is in it are different things.
TEST(model_file_takes_no_memory_for_what_is_not_there) {
  ModelDescription model = example("float32", false);
  model.network.layers.resize(1);
  const LayerSpec dense = model.network.layers[0], activation = ActivationSpec{to_spec(Relu{})};
  for (const LayerSpec& layer : {dense, activation}) {
    model.network.layers.resize(1);
    model.network.layers.insert(model.network.layers.end(), kMaxLayers - 1, layer);
    model.optimizer.reset();
    CHECK(!fuzz::check_reading(without_tensors(description_text(model), "")));
    for_each_type(AllOptimizers{}, [&]<class F>() {
      model.optimizer = OptimizerSpec{to_spec(F{}), 1};
      CHECK(!fuzz::check_reading(without_tensors(description_text(model), "")));
    });
  }
}

TEST(model_file_takes_little_memory_for_a_long_header) {
  const std::string good = description_text(example("float32", false));
  const std::string letters(1000000, 'x'), long_text = '"' + letters + '"';
  std::string values = "0";
  for (int i = 0; i < 499000; ++i) values += ",0";
  for (const std::string& value : {long_text, "[" + long_text + "]", "[" + values + "]"}) {
    CHECK(!fuzz::check_reading(without_tensors(good, ",\"layers.0.weight\":" + value)));
    CHECK(!fuzz::check_reading(without_tensors(good, ",\"a\":" + value)));
    for (const char* key : {"labels", "seed", "layers", "loss", "a", "format_version"}) {
      const std::string member = text('"', key, "\":");
      std::string description = good;
      const std::size_t at = description.find(member);
      description.insert(at == std::string::npos ? 1 : at, member + value + ",");
      CHECK(!fuzz::check_reading(without_tensors(description, "")));
    }
  }
  CHECK(!fuzz::check_reading(without_tensors(good, "," + long_text + ":0")));
  CHECK(!fuzz::check_reading(without_tensors(letters, "")));
  for (const char* key : {"format", "crc32c"}) {
    std::string header = header_of(without_tensors(good, ""));
    header.insert(header.find(text('"', key)) + std::strlen(key) + 4, letters);
    CHECK(!fuzz::check_reading(assembled(header, "")));
  }
}

TEST(model_file_of_any_kind_keeps_the_promises) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Bytes file = fuzz::drawn_file(seed);
    CHECK(fuzz::check_reading(file) && fuzz::check_network(file));
  }
}

// A mutation that breaks a promise is named by its number, and alone with that again:
// CHAINRULE_MUTATION=4711 chainrule_tests mutations
TEST(model_file_mutations_end_in_a_model_or_its_error) {
  constexpr std::uint64_t kMutations = 100000, kOfOneFile = 500;
  const char* given = std::getenv("CHAINRULE_MUTATION");
  const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 0;
  const std::uint64_t end = given != nullptr ? first + 1 : kMutations;
  std::uint64_t n_models = 0;
  Bytes file;
  for (std::uint64_t n = first; n < end; ++n) try {
      if (n == first || n % kOfOneFile == 0) file = fuzz::drawn_file(n / kOfOneFile);
      if (fuzz::check_reading(fuzz::changed_file(file, n))) ++n_models;
    } catch (const std::exception& error) {
      CHECK_EQUAL(text("CHAINRULE_MUTATION=", n, ": ", error.what()), "no error");
    }
  // Both ends are reached.
  if (given == nullptr) CHECK(kMutations / 20 < n_models && n_models < kMutations / 2);
}

}  // namespace chainrule
