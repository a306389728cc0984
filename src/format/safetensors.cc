#include "format/safetensors.h"

#include <algorithm>
#include <tuple>

#include "base/checked_math.h"
#include "base/json.h"
#include "base/quote.h"
#include "format/file_source.h"

namespace gerbil::format {
namespace {

constexpr uint64_t kLengthBytes = 8;
constexpr std::string_view kMetadataKey = "__metadata__";

// Bytes of a tensor; nothing where they, or the product of the dimensions other than zero, pass 64
// bits: then no slice of the tensor has a size that overflows either.
std::optional<uint64_t> checked_size_bytes(const tensor::Shape& shape, tensor::DType dtype) {
  uint64_t size = tensor::size_bytes(dtype);
  bool empty = false;
  for (uint64_t dim : shape.dims()) {
    empty |= dim == 0;
    const auto next = checked_mul(size, std::max<uint64_t>(dim, 1));
    if (!next) return std::nullopt;
    size = *next;
  }
  return empty ? 0 : size;
}

// A tensor's entry: {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}.
class EntryReader {
 public:
  EntryReader(std::string_view file, const json::Member& member)
      : file_(file), member_(member), object_(member.value.object()) {}

  Result<SafetensorsEntry> read(uint64_t data_start, uint64_t data_bytes) const {
    if (!object_)
      return wrong(ErrorCode::kCorrupt, "expected an object, found {}",
                   json::describe(member_.value));
    SafetensorsEntry entry;
    entry.name = member_.key;
    GERBIL_TRY(entry.dtype, read_dtype());
    GERBIL_TRY(entry.shape, read_shape());
    const auto expected = checked_size_bytes(entry.shape, entry.dtype);
    if (!expected)
      return wrong(ErrorCode::kCorrupt, "shape {} of {} has more bytes than 64 bits can count",
                   tensor::to_string(entry.shape), tensor::name(entry.dtype));
    GERBIL_TRY(const auto offsets, read_offsets());
    const auto [begin, end] = offsets;
    if (end > data_bytes)
      return wrong(ErrorCode::kCorrupt,
                   "its bytes {} to {} pass the end of the file's {} bytes of data", begin, end,
                   data_bytes);
    if (end - begin != *expected)
      return wrong(ErrorCode::kCorrupt, "shape {} of {} takes {} bytes, its data_offsets hold {}",
                   tensor::to_string(entry.shape), tensor::name(entry.dtype), *expected,
                   end - begin);
    entry.offset_bytes = data_start + begin;
    entry.size_bytes = end - begin;
    return entry;
  }

 private:
  template <class... Args>
  std::unexpected<Error> wrong(ErrorCode code, fmt::format_string<Args...> format,
                               Args&&... args) const {
    return fail(code, "{}: tensor {}: {}", file_, in_quotes(member_.key),
                fmt::format(format, std::forward<Args>(args)...));
  }

  std::unexpected<Error> expected(std::string_view key, std::string_view what) const {
    const json::Value* value = object_->find(key);
    return wrong(ErrorCode::kCorrupt, "expected {} as \"{}\", {}", what, key,
                 value ? "found " + json::describe(*value) : "but it is missing");
  }

  Result<tensor::DType> read_dtype() const {
    const json::Value* value = object_->find("dtype");
    const std::string* name = value ? value->string() : nullptr;
    if (!name) return expected("dtype", "a string");
    const auto dtype = tensor::dtype_from_name(*name);
    if (!dtype) return wrong(ErrorCode::kUnsupported, "unknown dtype {}", in_quotes(*name, 40));
    return *dtype;
  }

  Result<tensor::Shape> read_shape() const {
    const json::Value* value = object_->find("shape");
    const json::Array* dims = value ? value->array() : nullptr;
    if (!dims) return expected("shape", "an array");
    if (dims->size() > tensor::Shape::kMaxRank)
      return wrong(ErrorCode::kUnsupported, "{} dimensions, at most {} are understood",
                   dims->size(), tensor::Shape::kMaxRank);
    tensor::Shape shape;
    for (const json::Value& item : *dims) {
      const int64_t* dim = item.integer();
      if (!dim || *dim < 0)
        return wrong(ErrorCode::kCorrupt, "expected a size of at least 0 in \"shape\", found {}",
                     json::describe(item));
      shape.append(static_cast<uint64_t>(*dim));
    }
    return shape;
  }

  Result<std::pair<uint64_t, uint64_t>> read_offsets() const {
    const json::Value* value = object_->find("data_offsets");
    const json::Array* pair = value ? value->array() : nullptr;
    if (!pair || pair->size() != 2) return expected("data_offsets", "[begin, end]");
    const int64_t* begin = (*pair)[0].integer();
    const int64_t* end = (*pair)[1].integer();
    if (!begin || !end || *begin < 0 || *end < *begin)
      return wrong(ErrorCode::kCorrupt,
                   "expected 0 <= begin <= end in \"data_offsets\", found [{}, {}]",
                   json::describe((*pair)[0]), json::describe((*pair)[1]));
    return std::pair(static_cast<uint64_t>(*begin), static_cast<uint64_t>(*end));
  }

  std::string_view file_;
  const json::Member& member_;
  const json::Object* object_;
};

Status read_metadata(const json::Value& value, std::string_view file, SafetensorsHeader& header) {
  if (value.is_null()) return {};
  const json::Object* object = value.object();
  if (!object)
    return corrupt("{}: {}: expected an object of strings, found {}", file, kMetadataKey,
                   json::describe(value));
  for (const auto& [key, item] : object->members()) {
    if (!item.string())
      return corrupt("{}: {}: expected a string for {}, found {}", file, kMetadataKey,
                     in_quotes(key), json::describe(item));
    header.metadata.emplace(key, *item.string());
  }
  return {};
}

// Tensors sorted by place must cover [data_start, file_size) exactly.
Status check_cover(const std::vector<SafetensorsEntry>& tensors, uint64_t data_start,
                   uint64_t file_size_bytes, std::string_view file) {
  uint64_t covered = data_start;
  const SafetensorsEntry* last = nullptr;
  for (const SafetensorsEntry& entry : tensors) {
    if (entry.offset_bytes < covered)
      return corrupt("{}: tensor {}: its bytes overlap those of {}", file, in_quotes(entry.name),
                     in_quotes(last->name));
    if (entry.offset_bytes > covered)
      return corrupt("{}: the {} bytes before tensor {} belong to no tensor", file,
                     entry.offset_bytes - covered, in_quotes(entry.name));
    covered += entry.size_bytes;
    last = &entry;
  }
  if (covered != file_size_bytes)
    return corrupt("{}: the last {} bytes belong to no tensor", file, file_size_bytes - covered);
  return {};
}

}  // namespace

Result<uint64_t> safetensors_header_bytes(Bytes start, uint64_t file_size_bytes,
                                          std::string_view name) {
  if (file_size_bytes < kLengthBytes || start.size() < kLengthBytes)
    return corrupt("{}: {} bytes are too few for a safetensors file", name, file_size_bytes);
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i)
    length |= std::to_integer<uint64_t>(start[i]) << (8 * i);
  if (length > kMaxSafetensorsHeaderBytes)
    return corrupt("{}: a header of {} bytes, more than the format's limit of {}", name, length,
                   kMaxSafetensorsHeaderBytes);
  if (length > file_size_bytes - kLengthBytes)
    return corrupt("{}: a header of {} bytes, but the file has only {} bytes", name, length,
                   file_size_bytes);
  return kLengthBytes + length;
}

Result<SafetensorsHeader> parse_safetensors_header(Bytes prefix, uint64_t file_size_bytes,
                                                   std::string_view name) {
  GERBIL_TRY(const uint64_t data_start, safetensors_header_bytes(prefix, file_size_bytes, name));
  GERBIL_ASSERT(prefix.size() >= data_start);
  const Bytes text = prefix.subspan(kLengthBytes, data_start - kLengthBytes);
  GERBIL_TRY(const json::Value root,
             json::parse({reinterpret_cast<const char*>(text.data()), text.size()},
                         fmt::format("{}: header", name)));
  const json::Object* object = root.object();
  if (!object)
    return corrupt("{}: header: expected a JSON object, found {}", name, json::describe(root));

  SafetensorsHeader header;
  for (const json::Member& member : object->members()) {
    if (member.key == kMetadataKey) {
      GERBIL_CHECK_OK(read_metadata(member.value, name, header));
      continue;
    }
    GERBIL_TRY(SafetensorsEntry entry,
               EntryReader(name, member).read(data_start, file_size_bytes - data_start));
    header.tensors.push_back(std::move(entry));
  }
  // Among those at one place the empty ones come first.
  std::ranges::sort(header.tensors, {}, [](const SafetensorsEntry& entry) {
    return std::tuple(entry.offset_bytes, entry.size_bytes, std::string_view(entry.name));
  });
  GERBIL_CHECK_OK(check_cover(header.tensors, data_start, file_size_bytes, name));
  return header;
}

Result<Checkpoint> open_safetensors(const std::string& path) {
  GERBIL_TRY(auto source, map_source(path));
  return open_safetensors(std::move(source));
}

Result<Checkpoint> open_safetensors(std::shared_ptr<const tensor::ByteSource> source) {
  const uint64_t file_size_bytes = source->size_bytes();
  std::vector<std::byte> start(std::min(file_size_bytes, kLengthBytes));
  GERBIL_CHECK_OK(source->read(0, start));
  GERBIL_TRY(const uint64_t prefix_bytes,
             safetensors_header_bytes(start, file_size_bytes, source->name()));
  std::vector<std::byte> buffer;
  auto prefix = source->view(0, prefix_bytes);
  if (!prefix) {
    buffer.resize(prefix_bytes);
    GERBIL_CHECK_OK(source->read(0, buffer));
    prefix = buffer;
  }
  GERBIL_TRY(SafetensorsHeader header,
             parse_safetensors_header(*prefix, file_size_bytes, source->name()));
  Checkpoint checkpoint;
  checkpoint.files.push_back(source->name());
  checkpoint.metadata = std::move(header.metadata);
  for (SafetensorsEntry& entry : header.tensors)
    checkpoint.tensors.emplace(
        std::move(entry.name),
        tensor::TensorRef{source, entry.offset_bytes, entry.size_bytes, entry.dtype, entry.shape});
  return checkpoint;
}

}  // namespace gerbil::format
