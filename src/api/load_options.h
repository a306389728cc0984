// LoadOptions checked, and as the runtime takes them: what Engine::load and plan() share.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "gerbil/gerbil.h"
#include "model/model.h"
#include "runtime/runner.h"

namespace gerbil::api {

Status check(const LoadOptions& options);
runtime::RunnerOptions runner_options(const LoadOptions& options);
model::VisionWish vision_wish(const LoadOptions& options);

// The choices as they are once "auto" is decided.
std::string_view quant_name(backend::WeightChoice choice);
std::string_view activations_name(const runtime::Choices& choices);
std::string_view kv_name(const runtime::RunnerOptions& options);

// "15 mtp tensors (1.6 MB) and 81 vision tensors (2.8 MB) are skipped"
std::string skipped_line(const model::LoadReport& report);

}  // namespace gerbil::api
