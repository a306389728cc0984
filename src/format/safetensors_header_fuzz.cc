// Whatever the bytes are, the header is refused or its tensors lie inside the file.
#include <cstdint>

#include "base/check.h"
#include "format/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gerbil;
  const Bytes bytes = std::as_bytes(Span<const uint8_t>(data, size));
  const auto header = format::parse_safetensors_header(bytes, size, "fuzz.safetensors");
  if (!header) {
    GERBIL_ASSERT(header.error().message.starts_with("fuzz.safetensors: "));
    GERBIL_ASSERT(header.error().message.find('\n') == std::string::npos);
    return 0;
  }
  uint64_t total = 0;
  for (const auto& entry : header->tensors) {
    GERBIL_ASSERT(entry.offset_bytes <= size && entry.size_bytes <= size - entry.offset_bytes);
    GERBIL_ASSERT(entry.shape.size_bytes(entry.dtype) == entry.size_bytes);
    total += entry.size_bytes;
  }
  GERBIL_ASSERT(total <= size);
  return 0;
}
