#include "hub/packed_file.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "platform/file.h"

namespace gerbil::hub {
namespace {

constexpr std::string_view kMagic = "gerbilP1";
constexpr uint64_t kAlignment = 4096;
constexpr uint64_t kChecked = 64 * 1024;  // of each end of a weight
constexpr uint64_t kHeader = 8 + 3 * 8;
constexpr uint64_t kIdentityBytes = uint64_t{1} << 20;

uint64_t hash_of(Bytes bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

uint64_t check_of(Bytes bytes) {
  const size_t size = std::min<size_t>(bytes.size(), kChecked);
  return hash_of(bytes.first(size)) ^ (hash_of(bytes.last(size)) * 3) ^ bytes.size();
}

uint64_t aligned(uint64_t offset) { return (offset + kAlignment - 1) / kAlignment * kAlignment; }

void put(std::string& to, uint64_t number) {
  for (int i = 0; i < 8; ++i) to += static_cast<char>(number >> (8 * i) & 0xff);
}

void put(std::string& to, std::string_view text) {
  for (int i = 0; i < 4; ++i) to += static_cast<char>(text.size() >> (8 * i) & 0xff);
  to += text;
}

// Takes numbers and texts off the front; false where there are too few bytes.
class Reader {
 public:
  explicit Reader(Bytes bytes) : bytes_(bytes) {}
  bool take(uint64_t& number, size_t size = 8) {
    if (bytes_.size() < size) return false;
    number = 0;
    for (size_t i = 0; i < size; ++i) number |= static_cast<uint64_t>(bytes_[i]) << (8 * i);
    bytes_ = bytes_.subspan(size);
    return true;
  }
  bool take(std::string& text) {
    uint64_t size = 0;
    if (!take(size, 4) || bytes_.size() < size) return false;
    text.assign(reinterpret_cast<const char*>(bytes_.data()), size);
    bytes_ = bytes_.subspan(size);
    return true;
  }
  bool at_end() const { return bytes_.empty(); }

 private:
  Bytes bytes_;
};

// `table` with weights from `first` on.
std::string make_table(std::string_view identity, Span<const PackedBlob> blobs, uint64_t first) {
  std::string table;
  put(table, identity);
  put(table, blobs.size());
  for (const PackedBlob& blob : blobs) {
    put(table, blob.key);
    put(table, first);
    put(table, blob.bytes.size());
    put(table, check_of(blob.bytes));
    first = aligned(first + blob.bytes.size());
  }
  return table;
}

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace

std::optional<PackedFile> PackedFile::open(const std::string& path, std::string_view identity) {
  if (!platform::is_file(path)) return std::nullopt;
  auto mapped = platform::MappedFile::open(path);
  if (!mapped) return std::nullopt;
  PackedFile file;
  file.file_ = std::make_shared<const platform::MappedFile>(*std::move(mapped));
  const Bytes all = file.file_->bytes();
  if (all.size() < kHeader || std::memcmp(all.data(), kMagic.data(), kMagic.size()) != 0)
    return std::nullopt;
  Reader header(all.subspan(kMagic.size(), kHeader - kMagic.size()));
  uint64_t size = 0, table_size = 0, table_hash = 0;
  header.take(size);
  header.take(table_size);
  header.take(table_hash);
  if (size != all.size() || table_size > size - kHeader) return std::nullopt;
  const Bytes table = all.subspan(kHeader, table_size);
  if (hash_of(table) != table_hash) return std::nullopt;

  Reader reader(table);
  std::string found;
  uint64_t count = 0;
  if (!reader.take(found) || found != identity || !reader.take(count)) return std::nullopt;
  for (; count > 0; --count) {
    std::string key;
    uint64_t offset = 0, bytes = 0, check = 0;
    if (!reader.take(key) || !reader.take(offset) || !reader.take(bytes) || !reader.take(check))
      return std::nullopt;
    if (offset > size || bytes > size - offset || offset % kAlignment != 0) return std::nullopt;
    const Bytes blob = all.subspan(offset, bytes);
    if (check_of(blob) != check) return std::nullopt;
    file.blobs_.emplace(std::move(key), blob);
  }
  if (!reader.at_end()) return std::nullopt;
  return file;
}

Status PackedFile::write(const std::string& path, std::string_view identity,
                         Span<const PackedBlob> blobs) {
  const uint64_t table_size = make_table(identity, blobs, 0).size();
  const uint64_t first = aligned(kHeader + table_size);
  const std::string table = make_table(identity, blobs, first);
  uint64_t size = first;
  for (const PackedBlob& blob : blobs) size = aligned(size) + blob.bytes.size();

  std::string head(kMagic);
  put(head, size);
  put(head, table_size);
  put(head, hash_of(bytes_of(table)));
  head += table;
  GERBIL_TRY(platform::AtomicFile file, platform::AtomicFile::create(path));
  GERBIL_CHECK_OK(file.write(bytes_of(head)));
  uint64_t at = head.size();
  const std::string zeros(kAlignment, '\0');
  for (const PackedBlob& blob : blobs) {
    GERBIL_CHECK_OK(file.write(bytes_of(zeros).first(aligned(at) - at)));
    GERBIL_CHECK_OK(file.write(blob.bytes));
    at = aligned(at) + blob.bytes.size();
  }
  if (blobs.empty()) GERBIL_CHECK_OK(file.write(bytes_of(zeros).first(first - at)));
  return file.commit();
}

std::optional<Bytes> PackedFile::find(std::string_view key) const {
  const auto found = blobs_.find(key);
  if (found == blobs_.end()) return std::nullopt;
  return found->second;
}

std::string content_identity(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{} {:016x}{:016x}", bytes.size(), hash.high64, hash.low64);
}

Result<std::string> checkpoint_identity(const format::Checkpoint& checkpoint) {
  std::string identity;
  for (const std::string& path : checkpoint.files) {
    GERBIL_TRY(const platform::FileInfo info, platform::file_info(path));
    GERBIL_TRY(const std::string start, platform::read_start(path, kIdentityBytes));
    identity +=
        fmt::format("{} {} {:016x};", info.size_bytes, info.changed_ns, hash_of(bytes_of(start)));
  }
  return identity;
}

}  // namespace gerbil::hub
