// Reading safetensors files: 8 bytes of little-endian header length, a JSON header, and the
// tensors' bytes (https://huggingface.co/docs/safetensors, section Format).
//
// As strict as the format's own library: the header is at most 100 MB and no longer than the file,
// holds no key twice, and the tensors cover the rest of the file without overlap, gap or rest. A
// type that this build does not know, or more than eight dimensions, is kUnsupported; everything
// else that is wrong is kCorrupt. Errors are one line that starts with the file's name.
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "format/checkpoint.h"
#include "tensor/byte_source.h"

namespace gerbil::format {

inline constexpr uint64_t kMaxSafetensorsHeaderBytes = 100'000'000;

struct SafetensorsEntry {
  std::string name;
  tensor::DType dtype = tensor::DType::kF32;
  tensor::Shape shape;
  uint64_t offset_bytes = 0;  // from the start of the file
  uint64_t size_bytes = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> tensors;  // in the order of their bytes
  std::map<std::string, std::string, std::less<>> metadata;
};

// How many bytes of the file hold length and header: what a download fetches before it parses.
// `start` is the first 8 bytes of the file, or more.
Result<uint64_t> safetensors_header_bytes(Bytes start, uint64_t file_size_bytes,
                                          std::string_view name);

// `prefix` begins at the start of the file and holds at least the whole header.
Result<SafetensorsHeader> parse_safetensors_header(Bytes prefix, uint64_t file_size_bytes,
                                                   std::string_view name);

Result<Checkpoint> open_safetensors(const std::string& path);
Result<Checkpoint> open_safetensors(std::shared_ptr<const tensor::ByteSource> source);

}  // namespace gerbil::format
