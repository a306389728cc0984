#include "hub/content_hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace gerbil::hub {
namespace {

constexpr size_t kPiece = size_t{64} << 20;  // libcrypto's sizes are size_t, but older ones int

std::string hex_digest(const EVP_MD* kind, std::string_view head, Bytes bytes) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (!context || EVP_DigestInit_ex(context.get(), kind, nullptr) != 1) return "";
  EVP_DigestUpdate(context.get(), head.data(), head.size());
  while (!bytes.empty()) {
    const Bytes piece = bytes.first(std::min(bytes.size(), kPiece));
    EVP_DigestUpdate(context.get(), piece.data(), piece.size());
    bytes = bytes.subspan(piece.size());
  }
  if (EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1) return "";
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

uint64_t quick_hash(Bytes bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

struct QuickHash::State {
  XXH3_state_t xxh;
};

QuickHash::QuickHash() : state_(std::make_unique<State>()) { restart(); }
QuickHash::~QuickHash() = default;
QuickHash::QuickHash(QuickHash&&) noexcept = default;
QuickHash& QuickHash::operator=(QuickHash&&) noexcept = default;

void QuickHash::add(Bytes bytes) { XXH3_64bits_update(&state_->xxh, bytes.data(), bytes.size()); }
uint64_t QuickHash::value() const { return XXH3_64bits_digest(&state_->xxh); }
void QuickHash::restart() {
  XXH3_INITSTATE(&state_->xxh);
  XXH3_64bits_reset(&state_->xxh);
}

bool matches_etag(Bytes bytes, std::string_view etag) {
  if (!is_hex(etag)) return true;
  if (etag.size() == 64) return hex_digest(EVP_sha256(), "", bytes) == etag;
  if (etag.size() != 40) return true;
  using namespace std::string_literals;
  return hex_digest(EVP_sha1(), fmt::format("blob {}", bytes.size()) + "\0"s, bytes) == etag ||
         hex_digest(EVP_sha1(), "", bytes) == etag;
}

}  // namespace gerbil::hub
