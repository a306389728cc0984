#include "format/file_source.h"

#include <algorithm>

#include "platform/mapped_file.h"

namespace gerbil::format {
namespace {

class MappedSource final : public tensor::ByteSource {
 public:
  explicit MappedSource(platform::MappedFile file) : file_(std::move(file)) {}

  uint64_t size_bytes() const override { return file_.bytes().size(); }
  const std::string& name() const override { return file_.path(); }

  std::optional<Bytes> view(uint64_t offset_bytes, uint64_t size_bytes) const override {
    const Bytes bytes = file_.bytes();
    if (offset_bytes > bytes.size() || size_bytes > bytes.size() - offset_bytes)
      return std::nullopt;
    return bytes.subspan(offset_bytes, size_bytes);
  }

  Status read(uint64_t offset_bytes, Span<std::byte> out) const override {
    const auto bytes = view(offset_bytes, out.size());
    if (!bytes)
      return corrupt("{}: {} bytes from byte {} were asked for, it has {}", name(), out.size(),
                     offset_bytes, size_bytes());
    std::ranges::copy(*bytes, out.begin());
    return {};
  }

  void release(uint64_t offset_bytes, uint64_t size_bytes) const override {
    file_.release(offset_bytes, size_bytes);
  }

 private:
  platform::MappedFile file_;
};

}  // namespace

Result<std::shared_ptr<const tensor::ByteSource>> map_source(const std::string& path) {
  GERBIL_TRY(platform::MappedFile file, platform::MappedFile::open(path));
  return std::make_shared<const MappedSource>(std::move(file));
}

}  // namespace gerbil::format
