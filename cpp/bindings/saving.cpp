// How does a network become a file, bytes or a copy, and come back?
#include <pybind11/stl/filesystem.h>

#include "base/files.hpp"
#include "bindings/gil_release.hpp"
#include "bindings/network_class.hpp"
#include "network/model_file.hpp"
#include "network/state.hpp"

namespace chainrule {

namespace {

// A new object of the same Python type.
py::object empty_like(const py::object& self) {
  const py::object type = py::type::of(self);
  return type.attr("__new__")(type);
}

}  // namespace

void bind_saving(NetworkClass& cls) {
  cls.def(
         "_to_bytes",
         [](const NetworkObject& self, bool optimizer) {
           return self.visit([&](auto& net) {
             const std::vector<std::byte> bytes = to_bytes(net, optimizer);
             return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
           });
         },
         py::arg("optimizer"))
      .def(
          "_from_bytes",
          [](NetworkObject& self, const py::buffer& buffer) {
            const py::buffer_info info = buffer.request();
            check(PyBuffer_IsContiguous(info.view(), 'C') != 0,
                  "bytes: expected contiguous memory");
            const std::span bytes(static_cast<const std::byte*>(info.ptr),
                                  static_cast<std::size_t>(info.size * info.itemsize));
            std::visit([&](auto network) { self.hold(std::move(network)); },
                       network_from_bytes(bytes));
          },
          py::arg("bytes"))
      .def(
          "_save",
          [](const NetworkObject& self, const std::filesystem::path& path, bool optimizer) {
            self.visit([&](auto& net) {
              const std::vector<std::byte> bytes = to_bytes(net, optimizer);
              const GilRelease release;
              save_file(path, bytes);
            });
          },
          py::arg("path"), py::arg("optimizer"))
      .def(
          "_load",
          [](NetworkObject& self, const std::filesystem::path& path) {
            std::visit([&](auto network) { self.hold(std::move(network)); },
                       network_from_bytes(read_file(path)));
          },
          py::arg("path"))
      .def("_copy", [](const py::object& self) {
        py::object copy = empty_like(self);
        self.cast<const NetworkObject&>().visit([&](auto& net) {
          auto twin = std::make_unique<Network<Scalar<decltype(net)>>>(net.spec(), Start::zero);
          twin->restore(net.snapshot());
          twin->set_n_threads(net.n_threads());
          copy.cast<NetworkObject&>().hold(std::move(twin));
        });
        return copy;
      });
}

}  // namespace chainrule
