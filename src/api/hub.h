// The public Hub as the hub's room takes it, and which bytes of a checkpoint a model needs.
#pragma once

#include <string>
#include <vector>

#include "gerbil/gerbil.h"
#include "hub/model_files.h"
#include "model/model.h"

namespace gerbil::api {

hub::HubAccess hub_access(const Hub& hub, const std::function<void(std::string_view)>& on_note);
// How LoadOptions name the model's files.
hub::HubOptions hub_options(const LoadOptions& options);

// The tensors that the model claimed.
std::vector<tensor::TensorRef> needed_tensors(const model::Model& model,
                                              const format::Checkpoint& checkpoint);

}  // namespace gerbil::api
