#include "text/table_file.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

namespace gerbil::text {
namespace {

// With the version of what is written, in an order that tells that of a number's bytes.
constexpr uint64_t kMark = 0x0001'6c62'6174'6267;
constexpr size_t kAlignment = 64;
constexpr size_t kHeader = 16;

uint64_t hash_of(const void* data, size_t size) { return XXH3_64bits(data, size); }

size_t aligned(size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

void put_number(std::string& block, uint64_t number) {
  char bytes[sizeof(number)];
  std::memcpy(bytes, &number, sizeof(number));
  block.append(bytes, sizeof(number));
}

uint64_t number_at(Bytes block, size_t offset) {
  uint64_t number = 0;
  std::memcpy(&number, block.data() + offset, sizeof(number));
  return number;
}

}  // namespace

TableWriter::TableWriter() : block_(aligned(kHeader), '\0') {}

void TableWriter::put_bytes(uint64_t element_bytes, Bytes elements) {
  put_number(block_, element_bytes);
  put_number(block_, elements.size() / element_bytes);
  block_.resize(aligned(block_.size()));
  if (!elements.empty())
    block_.append(reinterpret_cast<const char*>(elements.data()), elements.size());
  block_.resize(aligned(block_.size()));
}

std::string TableWriter::finish() && {
  const uint64_t hash = hash_of(block_.data() + kHeader, block_.size() - kHeader);
  std::memcpy(block_.data(), &kMark, sizeof(kMark));
  std::memcpy(block_.data() + sizeof(kMark), &hash, sizeof(hash));
  return std::move(block_);
}

TableReader::TableReader(Bytes block) {
  ok_ = block.size() >= kAlignment && block.size() % kAlignment == 0 &&
        reinterpret_cast<uintptr_t>(block.data()) % kAlignment == 0 &&
        number_at(block, 0) == kMark &&
        number_at(block, 8) == hash_of(block.data() + kHeader, block.size() - kHeader);
  if (ok_) rest_ = block.subspan(kAlignment);
}

Bytes TableReader::take_bytes(uint64_t element_bytes) {
  ok_ = ok_ && rest_.size() >= kAlignment && number_at(rest_, 0) == element_bytes &&
        number_at(rest_, 8) <= (rest_.size() - kAlignment) / element_bytes;
  if (!ok_) return {};
  const auto size = static_cast<size_t>(number_at(rest_, 8) * element_bytes);
  const Bytes elements = rest_.subspan(kAlignment, size);
  rest_ = rest_.subspan(kAlignment + aligned(size));  // the rest is whole units
  return elements;
}

}  // namespace gerbil::text
