#include "bindings/description.hpp"

#include <pybind11/stl.h>

#include "bindings/text.hpp"
#include "network/description.hpp"
#include "network/model_file.hpp"

namespace chainrule {

namespace {

json::Value json_from_python(const py::handle& object) {
  if (object.is_none()) return {};
  if (py::isinstance<py::bool_>(object)) return object.cast<bool>();
  if (py::isinstance<py::int_>(object)) {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    check(object >= py::int_(least) && object <= py::int_(most),
          "description: expected numbers of 64 bits, got ", std::string(py::repr(object)));
    if (object < py::int_(0)) return object.cast<std::int64_t>();
    return object.cast<std::uint64_t>();
  }
  if (py::isinstance<py::float_>(object)) return object.cast<double>();
  if (py::isinstance<py::str>(object)) return to_utf8(object);
  if (py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object)) {
    json::Array array;
    for (const py::handle item : object) array.push_back(json_from_python(item));
    return array;
  }
  if (!py::isinstance<py::dict>(object))
    throw py::type_error(
        text("description: cannot hold a ", std::string(py::str(py::type::of(object)))));
  json::Object members;
  for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(object))
    members.push_back({to_utf8(key), json_from_python(value)});
  return members;
}

py::object json_to_python(const json::Value& value) {
  return std::visit(
      [](const auto& data) -> py::object {
        using Kind = std::remove_cvref_t<decltype(data)>;
        if constexpr (std::is_same_v<Kind, json::Array>) {
          py::list list;
          for (const json::Value& item : data) list.append(json_to_python(item));
          return list;
        } else if constexpr (std::is_same_v<Kind, json::Object>) {
          py::dict dict;
          for (const json::Member& member : data)
            dict[py::str(member.key)] = json_to_python(member.value);
          return dict;
        } else {
          return py::cast(data);
        }
      },
      value.data);
}

// Members that are always null in this version; a dict leaves them out.
constexpr const char* kLaterKeys[] = {"labels", "preprocessor", "cursor"};

}  // namespace

ModelDescription description_from_python(const py::dict& description) {
  json::Value value = json_from_python(description);
  auto& members = std::get<json::Object>(value.data);
  const auto add_missing = [&](const char* key, json::Value missing) {
    if (!description.contains(key)) members.push_back({key, std::move(missing)});
  };
  add_missing("optimizer", nullptr);
  add_missing("training_forwards", 0);
  add_missing("epochs", 0);
  for (const char* key : kLaterKeys) add_missing(key, nullptr);
  return description_from(value);
}

py::dict description_to_python(const ModelDescription& description) {
  const py::dict all = json_to_python(to_value(description));
  for (const char* key : kLaterKeys) all.attr("pop")(key);
  return all;
}

template <class T>
py::dict state_to_python(const Network<T>& network) {
  const State state = state_of(network, true);
  py::dict tensors;
  tensors["chainrule"] = description_text(state.description);
  for (const StateTensor& tensor : state.tensors) {
    const auto dtype =
        tensor.shape.dtype == Dtype::f32 ? py::dtype::of<float>() : py::dtype::of<double>();
    py::array array(dtype, tensor.shape.shape);
    std::copy(tensor.bytes.begin(), tensor.bytes.end(),
              static_cast<std::byte*>(array.mutable_data()));
    tensors[py::str(tensor.shape.name)] = array;
  }
  return tensors;
}

namespace {

std::string shape_text(const std::vector<Index>& shape) {
  return py::repr(py::tuple(py::cast(shape)));
}

}  // namespace

std::vector<const void*> tensors_from_python(const std::vector<TensorShape>& expected,
                                             const py::dict& tensors, bool may_be_missing) {
  std::vector<const void*> data;
  for (const TensorShape& tensor : expected) {
    if (!tensors.contains(tensor.name.c_str())) {
      check(may_be_missing, "state: '", tensor.name, "' is missing");
      data.push_back(nullptr);
      continue;
    }
    const auto array = tensors[tensor.name.c_str()].cast<py::array>();
    const auto dtype =
        tensor.dtype == Dtype::f32 ? py::dtype::of<float>() : py::dtype::of<double>();
    const std::vector<Index> shape(array.shape(), array.shape() + array.ndim());
    check(shape == tensor.shape, "state: '", tensor.name, "': expected shape ",
          shape_text(tensor.shape), ", got ", shape_text(shape));
    check(array.dtype().equal(dtype) && (array.flags() & py::array::c_style) != 0, "state: '",
          tensor.name, "': expected dtype ", std::string(py::str(dtype)), " in C order, got ",
          std::string(py::str(array.dtype())));
    data.push_back(array.data());
  }
  for (const auto& item : tensors) {
    const auto name = item.first.cast<std::string>();
    check(std::any_of(expected.begin(), expected.end(),
                      [&](const TensorShape& t) { return t.name == name; }),
          "state: '", name, "' is not part of this network");
  }
  return data;
}

std::vector<const void*> given_from_python(const NetworkSpec& spec, const py::dict& arrays) {
  if (arrays.empty()) return {};
  constexpr bool kMayBeMissing = true;
  return tensors_from_python(parameter_tensors(spec), arrays, kMayBeMissing);
}

template <class T>
py::dict trace_to_python(const Network<T>& network, Index rows, const Trace<T>& trace) {
  const Index n = network.table().n_features(), m = network.table().n_outputs();
  py::list layers;
  for (std::size_t s = 0; s < trace.layers.size(); ++s) {
    const TracedLayer<T>& layer = trace.layers[s];
    const Stage& stage = network.table().stages[s];
    const auto matrix = [&](const std::vector<T>& values) -> py::object {
      return values.empty() ? py::object(py::none()) : to_array(values, {rows, stage.n_out});
    };
    const auto weight = [&](const std::vector<T>& values) {
      return to_array(values, {stage.n_out, stage.n_in});
    };
    const auto bias = [&](const std::vector<T>& values) -> py::object {
      return values.empty() ? py::object(py::none()) : to_array(values, {stage.n_out});
    };
    py::dict fields;
    fields["W"] = weight(layer.w);
    fields["b"] = bias(layer.b);
    fields["Z"] = matrix(layer.z);
    fields["A"] = matrix(layer.a);
    fields["slope"] = matrix(layer.slope);
    fields["dA"] = matrix(layer.da);
    fields["dZ"] = matrix(layer.dz);
    fields["dW"] = weight(layer.dw);
    fields["db"] = bias(layer.db);
    fields["new_W"] = weight(layer.new_w);
    fields["new_b"] = bias(layer.new_b);
    layers.append(fields);
  }
  py::dict all;
  all["loss"] = trace.loss;
  all["new_loss"] = trace.new_loss;
  all["losses"] = to_array(trace.losses, {rows});
  all["Y_hat"] = to_array(trace.y_hat, {rows, m});
  all["dX"] = to_array(trace.dx, {rows, n});
  all["input"] = to_array(trace.input, {rows, n});
  all["layers"] = layers;
  return all;
}

template py::dict state_to_python(const Network<float>&);
template py::dict state_to_python(const Network<double>&);
template py::dict trace_to_python(const Network<float>&, Index, const Trace<float>&);
template py::dict trace_to_python(const Network<double>&, Index, const Trace<double>&);

}  // namespace chainrule
