// SafetensorsWriter: a safetensors file written piece by piece, so that a tensor may be larger than
// memory.
//
// create() takes the names, types and shapes of all tensors and writes the header; write() takes
// their bytes, little-endian and row-major, tensor after tensor in that order, in pieces of any
// size; finish() moves the file into place. A writer that is dropped before leaves no file. One
// thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "platform/file.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace gerbil::format {

struct TensorSpec {
  std::string name;
  tensor::DType dtype = tensor::DType::kF32;
  tensor::Shape shape;
};

class SafetensorsWriter {
 public:
  using Metadata = std::map<std::string, std::string, std::less<>>;

  static Result<SafetensorsWriter> create(const std::string& path,
                                          const std::vector<TensorSpec>& tensors,
                                          const Metadata& metadata = {});
  // An error where more bytes come than the tensors have.
  Status write(Bytes bytes);
  // An error where bytes are still missing: then no file appears.
  Status finish();

 private:
  SafetensorsWriter(platform::AtomicFile file, uint64_t data_bytes)
      : file_(std::move(file)), missing_bytes_(data_bytes) {}

  platform::AtomicFile file_;
  uint64_t missing_bytes_;
};

// A tensor that lies in memory whole.
struct TensorData {
  TensorSpec spec;
  Bytes bytes;
};

Status write_safetensors(const std::string& path, Span<const TensorData> tensors,
                         const SafetensorsWriter::Metadata& metadata = {});

}  // namespace gerbil::format
