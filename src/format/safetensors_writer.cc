#include "format/safetensors_writer.h"

#include <nlohmann/json.hpp>

#include "base/checked_math.h"
#include "base/quote.h"
#include "format/safetensors.h"

namespace gerbil::format {
namespace {

struct Layout {
  std::string header;  // JSON, padded so that the data starts at a multiple of 8
  uint64_t data_bytes = 0;
};

Result<Layout> lay_out(const std::string& path, const std::vector<TensorSpec>& tensors,
                       const SafetensorsWriter::Metadata& metadata) {
  Layout layout;
  auto root = nlohmann::ordered_json::object();
  if (!metadata.empty()) root["__metadata__"] = metadata;
  for (const TensorSpec& spec : tensors) {
    if (root.contains(spec.name) || spec.name == "__metadata__")
      return invalid("{}: two tensors named {}", path, in_quotes(spec.name));
    const auto size = spec.shape.size_bytes(spec.dtype);
    const auto end = size ? checked_add(layout.data_bytes, *size) : std::nullopt;
    if (!end) return invalid("{}: tensor {} is too large", path, in_quotes(spec.name));
    const auto dims = spec.shape.dims();
    root[spec.name] = {{"dtype", tensor::name(spec.dtype)},
                       {"shape", std::vector<uint64_t>(dims.begin(), dims.end())},
                       {"data_offsets", {layout.data_bytes, *end}}};
    layout.data_bytes = *end;
  }
  layout.header = root.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  layout.header.resize(round_up(layout.header.size(), 8), ' ');
  if (layout.header.size() > kMaxSafetensorsHeaderBytes)
    return invalid("{}: a header of {} bytes, more than the format's limit of {}", path,
                   layout.header.size(), kMaxSafetensorsHeaderBytes);
  return layout;
}

}  // namespace

Result<SafetensorsWriter> SafetensorsWriter::create(const std::string& path,
                                                    const std::vector<TensorSpec>& tensors,
                                                    const Metadata& metadata) {
  GERBIL_TRY(const Layout layout, lay_out(path, tensors, metadata));
  GERBIL_TRY(platform::AtomicFile file, platform::AtomicFile::create(path));
  std::string start;
  for (int i = 0; i < 8; ++i) start += static_cast<char>(layout.header.size() >> (8 * i) & 255);
  start += layout.header;
  GERBIL_CHECK_OK(file.write(std::as_bytes(Span<const char>(start))));
  return SafetensorsWriter(std::move(file), layout.data_bytes);
}

Status SafetensorsWriter::write(Bytes bytes) {
  if (bytes.size() > missing_bytes_)
    return invalid("{}: {} bytes to write, but its tensors lack only {}", file_.path(),
                   bytes.size(), missing_bytes_);
  missing_bytes_ -= bytes.size();
  return file_.write(bytes);
}

Status SafetensorsWriter::finish() {
  if (missing_bytes_ != 0)
    return invalid("{}: its tensors still lack {} bytes", file_.path(), missing_bytes_);
  return file_.commit();
}

Status write_safetensors(const std::string& path, Span<const TensorData> tensors,
                         const SafetensorsWriter::Metadata& metadata) {
  std::vector<TensorSpec> specs;
  for (const TensorData& data : tensors) {
    if (data.spec.shape.size_bytes(data.spec.dtype) != data.bytes.size())
      return invalid("{}: tensor {}: {} bytes do not fill shape {} of {}", path,
                     in_quotes(data.spec.name), data.bytes.size(),
                     tensor::to_string(data.spec.shape), tensor::name(data.spec.dtype));
    specs.push_back(data.spec);
  }
  GERBIL_TRY(SafetensorsWriter writer, SafetensorsWriter::create(path, specs, metadata));
  for (const TensorData& data : tensors) GERBIL_CHECK_OK(writer.write(data.bytes));
  return writer.finish();
}

}  // namespace gerbil::format
