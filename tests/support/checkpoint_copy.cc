#include "support/checkpoint_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace gerbil::testing {
namespace {

constexpr std::string_view kSingle = "model.safetensors";
constexpr std::string_view kIndex = "model.safetensors.index.json";

// Key order is kept only by ordered_json; nothing that reads these files depends on it.
nlohmann::json parse_file(const std::filesystem::path& path) {
  try {
    return nlohmann::json::parse(read_file(path));
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(fmt::format("{}: {}", path.string(), error.what()));
  }
}

}  // namespace

CheckpointCopy::CheckpointCopy(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) write_file(path() / entry.path().filename(), read_file(entry));
  }
}

void CheckpointCopy::edit_config(const std::function<void(nlohmann::json&)>& edit) {
  edit_json("config.json", edit);
}

void CheckpointCopy::edit_json(std::string_view file,
                               const std::function<void(nlohmann::json&)>& edit) {
  nlohmann::json json = parse_file(folder_ / file);
  edit(json);
  write_file(folder_ / file, json.dump(2));
}

void CheckpointCopy::write(std::string_view file, std::string_view bytes) {
  write_file(folder_ / file, bytes);
}

void CheckpointCopy::remove(std::string_view file) {
  if (!std::filesystem::remove(folder_ / file)) {
    throw std::runtime_error(fmt::format("{}: is not there", (folder_ / file).string()));
  }
}

void CheckpointCopy::truncate(std::string_view file, uint64_t size_bytes) {
  std::filesystem::resize_file(folder_ / file, size_bytes);
}

bool CheckpointCopy::sharded() const { return std::filesystem::exists(folder_ / kIndex); }

std::string CheckpointCopy::file_of(std::string_view tensor) const {
  if (!sharded()) return std::string(kSingle);
  const nlohmann::json index = parse_file(folder_ / kIndex);
  const auto& files = index.at("weight_map");
  const auto found = files.find(std::string(tensor));
  if (found == files.end()) {
    throw std::runtime_error(fmt::format("{}: has no {}", (folder_ / kIndex).string(), tensor));
  }
  return found->get<std::string>();
}

StoredTensor CheckpointCopy::tensor(std::string_view name) const {
  const std::string file = file_of(name);
  StoredTensors tensors = read_safetensors(folder_ / file);
  const auto found = tensors.find(std::string(name));
  if (found == tensors.end()) {
    throw std::runtime_error(fmt::format("{}: has no tensor {}", (folder_ / file).string(), name));
  }
  return std::move(found->second);
}

void CheckpointCopy::edit_tensors(std::string_view file,
                                  const std::function<void(StoredTensors&)>& edit) {
  StoredTensors tensors = read_safetensors(folder_ / file);
  edit(tensors);
  write_safetensors(folder_ / file, tensors);
}

void CheckpointCopy::set_tensor(std::string_view name, StoredTensor tensor) {
  const std::string file = file_of(name);
  edit_tensors(file, [&](StoredTensors& tensors) {
    const auto found = tensors.find(std::string(name));
    if (found == tensors.end()) {
      throw std::runtime_error(
          fmt::format("{}: has no tensor {}", (folder_ / file).string(), name));
    }
    found->second = std::move(tensor);
  });
}

void CheckpointCopy::add_tensor(std::string_view name, StoredTensor tensor) {
  std::string file(kSingle);
  if (sharded()) {
    edit_json(kIndex, [&](nlohmann::json& index) {
      file = index.at("weight_map").begin()->get<std::string>();
      index["weight_map"][std::string(name)] = file;
    });
  }
  edit_tensors(file, [&](StoredTensors& tensors) {
    if (!tensors.emplace(name, std::move(tensor)).second) {
      throw std::runtime_error(
          fmt::format("{}: has a tensor {} already", (folder_ / file).string(), name));
    }
  });
}

void CheckpointCopy::remove_tensor(std::string_view name) {
  const std::string file = file_of(name);
  edit_tensors(file, [&](StoredTensors& tensors) {
    if (tensors.erase(std::string(name)) == 0) {
      throw std::runtime_error(
          fmt::format("{}: has no tensor {}", (folder_ / file).string(), name));
    }
  });
  if (sharded()) {
    edit_json(kIndex, [&](nlohmann::json& index) { index["weight_map"].erase(std::string(name)); });
  }
}

void CheckpointCopy::reshape_tensor(std::string_view name, std::vector<uint64_t> shape) {
  StoredTensor changed = tensor(name);
  changed.shape = std::move(shape);
  set_tensor(name, std::move(changed));
}

void CheckpointCopy::scale_tensor(std::string_view name, float factor) {
  const StoredTensor stored = tensor(name);
  if (stored.dtype != "F32" && stored.dtype != "BF16") {
    throw std::runtime_error(fmt::format("{}: {} cannot be scaled", name, stored.dtype));
  }
  std::vector<float> values = to_floats(stored);
  for (float& value : values) value *= factor;
  set_tensor(name, stored.dtype == "BF16" ? bf16_tensor(stored.shape, values)
                                          : f32_tensor(stored.shape, values));
}

void CheckpointCopy::swap_rows(std::string_view name, uint64_t first, uint64_t second,
                               uint64_t count) {
  StoredTensor changed = tensor(name);
  const uint64_t rows = changed.shape.empty() ? 0 : changed.shape.front();
  if (std::max(first, second) + count > rows ||
      std::min(first, second) + count > std::max(first, second)) {
    throw std::runtime_error(
        fmt::format("{}: rows {} and {}, {} each, of {}: outside or overlapping", name, first,
                    second, count, rows));
  }
  const uint64_t row_bytes = changed.bytes.size() / rows;
  const auto begin = changed.bytes.begin();
  std::swap_ranges(begin + first * row_bytes, begin + (first + count) * row_bytes,
                   begin + second * row_bytes);
  set_tensor(name, std::move(changed));
}

void CheckpointCopy::fuse_experts() {
  edit_tensors(std::string(kSingle), [](StoredTensors& tensors) {
    const std::string first = ".experts.0.gate_proj.weight";
    std::vector<std::string> layers;  // "model.layers.0.mlp.experts"
    for (const auto& [name, tensor] : tensors)
      if (name.ends_with(first)) layers.push_back(name.substr(0, name.size() - first.size() + 8));
    if (layers.empty()) throw std::runtime_error("no tensor of an expert");
    const auto take = [&](const std::string& name, StoredTensor& fused) {
      const auto part = tensors.find(name);
      if (part == tensors.end()) return false;
      if (fused.bytes.empty())
        fused = {part->second.dtype, {0, part->second.shape[0], part->second.shape[1]}, ""};
      fused.bytes += part->second.bytes;
      tensors.erase(part);
      return true;
    };
    for (const std::string& layer : layers) {
      StoredTensor gate_up;
      StoredTensor down;
      for (uint64_t expert = 0;; ++expert) {
        const std::string of_expert = fmt::format("{}.{}.", layer, expert);
        if (!take(of_expert + "gate_proj.weight", gate_up)) break;
        take(of_expert + "up_proj.weight", gate_up);
        take(of_expert + "down_proj.weight", down);
        gate_up.shape[0] = down.shape[0] = expert + 1;
      }
      gate_up.shape[1] *= 2;
      tensors[layer + ".gate_up_proj"] = std::move(gate_up);
      tensors[layer + ".down_proj"] = std::move(down);
    }
  });
}

}  // namespace gerbil::testing
