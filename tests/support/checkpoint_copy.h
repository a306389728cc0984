// CheckpointCopy: a checkpoint folder copied to a temporary place, to be changed on purpose: a
// config value, a tensor, a file. The copy goes with the object. Failures throw std::runtime_error;
// a change that finds nothing to change is a failure. Not shared between threads.
//
//   CheckpointCopy copy(model_folder("qwen3-tiny"));
//   copy.edit_config([](nlohmann::json& config) { config["hidden_act"] = "relu"; });
//   copy.remove_tensor("model.norm.weight");
//   load(copy.path());   // must fail and name the field
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "support/safetensors_file.h"
#include "support/temp_folder.h"

namespace gerbil::testing {

class CheckpointCopy {
 public:
  explicit CheckpointCopy(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return folder_.path(); }

  void edit_config(const std::function<void(nlohmann::json&)>& edit);
  // Any JSON file: tokenizer.json, generation_config.json, the shard index, ...
  void edit_json(std::string_view file, const std::function<void(nlohmann::json&)>& edit);
  void write(std::string_view file, std::string_view bytes);  // replaces or adds a file
  void remove(std::string_view file);
  void truncate(std::string_view file, uint64_t size_bytes);

  // The file that stores a tensor: model.safetensors, or the shard of the index.
  std::string file_of(std::string_view tensor) const;
  StoredTensor tensor(std::string_view name) const;
  void edit_tensors(std::string_view file, const std::function<void(StoredTensors&)>& edit);
  // Replaces a tensor, wherever it lies.
  void set_tensor(std::string_view name, StoredTensor tensor);
  // Adds one to model.safetensors (sharded: to the first shard, and to the index).
  void add_tensor(std::string_view name, StoredTensor tensor);
  // Removes one (sharded: from the index too).
  void remove_tensor(std::string_view name);
  // Another shape for the same bytes; the byte count is not checked.
  void reshape_tensor(std::string_view name, std::vector<uint64_t> shape);
  // Multiplies every value of an F32 or BF16 tensor: a wrong weight.
  void scale_tensor(std::string_view name, float factor);
  // Exchanges `count` rows of a tensor, from rows `first` and `second` on: two heads swapped.
  void swap_rows(std::string_view name, uint64_t first, uint64_t second, uint64_t count);
  // The experts of every layer as [experts, ...] tensors: experts.gate_up_proj, experts.down_proj.
  void fuse_experts();

 private:
  bool sharded() const;

  TempFolder folder_;
};

}  // namespace gerbil::testing
