// What does Python hold while it trains or looks at gradients? Each object keeps its network and
// arrays alive.
#pragma once

#include "bindings/checked_object.hpp"
#include "bindings/network_object.hpp"
#include "network/training_run.hpp"

namespace chainrule {

struct GradientsObject {
  py::object network;
  std::variant<Gradients<float>, Gradients<double>> gradients;
};

struct SnapshotObject {
  std::variant<Snapshot<float>, Snapshot<double>> snapshot;
};

// The snapshot in it, which must be of that dtype.
template <class T>
Snapshot<T>& snapshot_of(SnapshotObject& object) {
  auto* snapshot = std::get_if<Snapshot<T>>(&object.snapshot);
  check(snapshot != nullptr, "snapshot: expected one of this network");
  return *snapshot;
}

struct TrainingRunObject {
  py::object network, x, y, weights, before;
  std::shared_ptr<void> own_loss;  // which the run asks
  std::variant<std::unique_ptr<TrainingRun<float>>, std::unique_ptr<TrainingRun<double>>> run;
};

}  // namespace chainrule

template <>
class pybind11::detail::type_caster<chainrule::GradientsObject>
    : public chainrule::CheckedCaster<chainrule::GradientsObject> {};
template <>
class pybind11::detail::type_caster<chainrule::SnapshotObject>
    : public chainrule::CheckedCaster<chainrule::SnapshotObject> {};
template <>
class pybind11::detail::type_caster<chainrule::TrainingRunObject>
    : public chainrule::CheckedCaster<chainrule::TrainingRunObject> {};
