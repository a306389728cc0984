// Safetensors files as plain values, for references and for checkpoints broken on purpose.
//
// Written apart from the engine's own reader, so that neither can hide a mistake of the other; it
// trusts its files, which are the project's own. dtype is the format's spelling ("F32", "BF16",
// ...) and is written as given, known or not. Failures throw std::runtime_error with one line that
// names the file. Plain values without shared state.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gerbil::testing {

struct StoredTensor {
  std::string dtype;
  std::vector<uint64_t> shape;
  std::string bytes;  // row-major, little-endian, as in the file
};

using StoredTensors = std::map<std::string, StoredTensor>;

StoredTensors read_safetensors(const std::filesystem::path& path);
// Tensors in the order of their names, without holes; the header padded to a multiple of 8.
void write_safetensors(const std::filesystem::path& path, const StoredTensors& tensors);

// The bytes of a file with exactly this header, wrong or not. header_bytes replaces the length that
// the file claims for its header.
std::string safetensors_bytes(std::string_view header_json, std::string_view data,
                              std::optional<uint64_t> header_bytes = std::nullopt);

// Decode F64, F32, BF16 or F16; and I64 or I32.
std::vector<double> to_doubles(const StoredTensor& tensor);
std::vector<float> to_floats(const StoredTensor& tensor);
std::vector<int64_t> to_ints(const StoredTensor& tensor);

StoredTensor f32_tensor(std::vector<uint64_t> shape, const std::vector<float>& values);
StoredTensor bf16_tensor(std::vector<uint64_t> shape, const std::vector<float>& values);
StoredTensor i64_tensor(std::vector<uint64_t> shape, const std::vector<int64_t>& values);

}  // namespace gerbil::testing
