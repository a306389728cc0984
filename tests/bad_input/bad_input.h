// One class of bad input: a model, how it is broken, what a caller then does with it, and the one
// line that the library must answer. The classes are tables (checkpoint_classes.cc,
// request_classes.cc); bad_input_test.cc holds every one of them to its line.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "gerbil/gerbil.h"
#include "support/checkpoint_copy.h"

namespace gerbil::testing {

using Change = std::function<void(CheckpointCopy&)>;
using Attempt = std::function<Status(const std::string& folder)>;

struct BadInput {
  std::string name;
  std::string model;  // qwen3-tiny, ... of tests/data/models, or demo
  Change change;
  Attempt attempt;
  std::string line;  // '@' stands for the model's folder
};

std::vector<BadInput> broken_checkpoints();
std::vector<BadInput> bad_requests();

// ---- what a caller does

Attempt loads(const LoadOptions& options = {});
Attempt forwards(const ForwardRequest& request, const LoadOptions& options = {});
Attempt answers(const Request& request, const LoadOptions& options = {});
Attempt encodes(std::string_view text);
Attempt renders(std::string_view messages, std::string_view tools = "");

// ---- how a model is broken

Change nothing();
Change writes(std::string_view file, std::string_view bytes);
Change removes(std::string_view file);
Change cuts(std::string_view file, uint64_t size_bytes);
// Sets a member, down a path of keys: {"text_config", "hidden_act"}.
Change sets(std::string_view file, std::vector<std::string> path, const nlohmann::json& value);
// In the file's place: a pipe, a folder, a link.
Change pipe_at(std::string_view file);
Change folder_at(std::string_view file);
Change link_at(std::string_view file, std::string_view target);
// model.safetensors with this header, true or not, and these bytes behind it.
Change header(std::string_view json, std::string_view data = "");

}  // namespace gerbil::testing
