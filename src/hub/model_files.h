// From a model's name to its files. A name is a local folder in the Hugging Face layout, "demo",
// the model that comes with gerbil, or a hub's org/name[@revision][:file] where there is no such
// folder.
//
// ModelFiles is a plain value: small texts read whole, weights mapped. Of a hub's model only the
// weights' headers are there for sure: fetch_weights() gets those that are needed. Every error is
// one line that names the folder, file or model. Thread-safe, but for what a hub's model fetches.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "format/checkpoint.h"
#include "hub/remote_model.h"

namespace gerbil::hub {

inline constexpr std::string_view kDemo = "demo";

struct HubOptions {
  std::string demo_folder;  // what "demo" stands for; empty where it is not installed
  // Without: the checkpoint stays empty and need not exist (tokenizing, rendering templates).
  bool weights = true;
  HubAccess hub;
  bool refresh = false;  // of a hub's model: ask whether the revision has moved
};

struct ModelFiles {
  std::string folder;  // without a closing slash
  std::string config;  // the text of config.json; the others are absent where the file is
  std::optional<std::string> generation_config;  // generation_config.json
  std::optional<std::string> tokenizer;          // tokenizer.json
  std::optional<std::string> tokenizer_config;   // tokenizer_config.json
  std::optional<std::string> chat_template;      // chat_template.jinja
  // NAME and text of additional_chat_templates/NAME.jinja, by name.
  std::vector<std::pair<std::string, std::string>> additional_chat_templates;
  std::optional<std::string> chat_template_json;         // chat_template.json, of older processors
  std::optional<std::string> preprocessor_config;        // preprocessor_config.json
  std::optional<std::string> video_preprocessor_config;  // video_preprocessor_config.json
  std::optional<std::string> processor_config;           // processor_config.json
  format::Checkpoint checkpoint;
  std::shared_ptr<RemoteModel> remote;  // where it is a hub's

  // "FOLDER/config.json": what errors about a file's text call it.
  std::string path(std::string_view file) const;
};

// `reference` is a folder or "demo". kNotFound where there is no such folder, or no config or
// weights in it; kUnsupported where the weights are of a kind that this build does not read, or the
// name is one that only a hub could resolve.
Result<ModelFiles> open_model(std::string_view reference, const HubOptions& options);

// Makes the bytes of these tensors of `files.checkpoint` readable; a local folder's are.
Status fetch_weights(ModelFiles& files, Span<const tensor::TensorRef> needed);

}  // namespace gerbil::hub
