#include "support/safetensors_file.h"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/half.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

constexpr size_t kLengthBytes = 8;  // the header's length in front of it, little-endian

template <class Stored, class Value, class Convert>
std::vector<Value> decode(std::string_view bytes, Convert convert) {
  std::vector<Value> values(bytes.size() / sizeof(Stored));
  for (size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = static_cast<Value>(convert(stored));
  }
  return values;
}

template <class Value>
std::vector<Value> decode_real(const StoredTensor& tensor) {
  const auto same = [](auto value) { return value; };
  const auto widen = [](auto value) { return to_float(value); };
  if (tensor.dtype == "F64") return decode<double, Value>(tensor.bytes, same);
  if (tensor.dtype == "F32") return decode<float, Value>(tensor.bytes, same);
  if (tensor.dtype == "BF16") return decode<BFloat16, Value>(tensor.bytes, widen);
  if (tensor.dtype == "F16") return decode<Half, Value>(tensor.bytes, widen);
  throw std::runtime_error(fmt::format("a tensor of {} is no tensor of reals", tensor.dtype));
}

template <class Stored, class Values>
std::string encode(const Values& values) {
  std::string bytes(values.size() * sizeof(Stored), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

}  // namespace

StoredTensors read_safetensors(const std::filesystem::path& path) {
  const std::string file = read_file(path);
  const auto broken = [&](std::string_view why) {
    return std::runtime_error(fmt::format("{}: {}", path.string(), why));
  };
  if (file.size() < kLengthBytes) throw broken("shorter than a safetensors header's length");
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, file.data(), kLengthBytes);
  if (header_bytes > file.size() - kLengthBytes) throw broken("header longer than the file");
  const std::string_view data = std::string_view(file).substr(kLengthBytes + header_bytes);
  StoredTensors tensors;
  try {
    const auto header =
        nlohmann::json::parse(std::string_view(file).substr(kLengthBytes, header_bytes));
    for (const auto& [name, info] : header.items()) {
      if (name == "__metadata__") continue;
      const uint64_t begin = info.at("data_offsets").at(0);
      const uint64_t end = info.at("data_offsets").at(1);
      if (begin > end || end > data.size()) throw broken(name + ": offsets leave the file");
      tensors[name] = {info.at("dtype"), info.at("shape"),
                       std::string(data.substr(begin, end - begin))};
    }
  } catch (const nlohmann::json::exception& error) {
    throw broken(error.what());
  }
  return tensors;
}

void write_safetensors(const std::filesystem::path& path, const StoredTensors& tensors) {
  nlohmann::json header = nlohmann::json::object();
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    const size_t begin = data.size();
    data += tensor.bytes;
    header[name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  std::string text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
  write_file(path, safetensors_bytes(text, data));
}

std::string safetensors_bytes(std::string_view header_json, std::string_view data,
                              std::optional<uint64_t> header_bytes) {
  const uint64_t length = header_bytes.value_or(header_json.size());
  std::string file(kLengthBytes, '\0');
  std::memcpy(file.data(), &length, kLengthBytes);
  file += header_json;
  file += data;
  return file;
}

std::vector<double> to_doubles(const StoredTensor& tensor) { return decode_real<double>(tensor); }

std::vector<float> to_floats(const StoredTensor& tensor) { return decode_real<float>(tensor); }

std::vector<int64_t> to_ints(const StoredTensor& tensor) {
  const auto same = [](auto value) { return value; };
  if (tensor.dtype == "I64") return decode<int64_t, int64_t>(tensor.bytes, same);
  if (tensor.dtype == "I32") return decode<int32_t, int64_t>(tensor.bytes, same);
  throw std::runtime_error(fmt::format("a tensor of {} is no tensor of integers", tensor.dtype));
}

StoredTensor f32_tensor(std::vector<uint64_t> shape, const std::vector<float>& values) {
  return {"F32", std::move(shape), encode<float>(values)};
}

StoredTensor bf16_tensor(std::vector<uint64_t> shape, const std::vector<float>& values) {
  std::vector<BFloat16> rounded;
  for (float value : values) rounded.push_back(to_bfloat16(value));
  return {"BF16", std::move(shape), encode<BFloat16>(rounded)};
}

StoredTensor i64_tensor(std::vector<uint64_t> shape, const std::vector<int64_t>& values) {
  return {"I64", std::move(shape), encode<int64_t>(values)};
}

}  // namespace gerbil::testing
