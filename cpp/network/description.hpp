// How is a network told to somebody else? As JSON, in one strict form for files and for the dicts
// of Python. Whatever is read is checked: keys, kinds, names and ranges, and that sizes are such
// that no later product of them overflows. Every failure is std::invalid_argument and says where:
// "layers[1].units: expected a positive integer, got -3".
#pragma once

#include "network/json.hpp"
#include "network/json_reader.hpp"
#include "network/spec.hpp"

namespace chainrule {

// More than any network has, and few enough that nothing in a description overflows or takes memory
// out of proportion. Units are also those of the input; parameters are those of the whole network.
inline constexpr Index kMaxLayers = 2048;
inline constexpr Index kMaxUnits = Index{1} << 32;
inline constexpr Index kMaxParameters = Index{1} << 48;

// For the text of a description, of which value() takes a member of a layer at most.
inline constexpr json::Limits kDescriptionLimits{16, 256};

// {"dtype": "float32", "n_features": 784, "seed": 0, "layers": [...], "loss": null, "optimizer":
// null, "training_forwards": 0, "epochs": 0, "labels": null, "preprocessor": null, "cursor": null};
// the last three are always null.
json::Value to_value(const ModelDescription& description);
ModelDescription description_from(const json::Value& value);

// The members that are left of an object which `reader` has entered, to its end.
ModelDescription read_description(json::Reader& reader);

}  // namespace chainrule
