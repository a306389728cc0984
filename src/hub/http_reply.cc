#include "hub/http_reply.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/quote.h"

namespace gerbil::hub {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

struct Net4 {
  std::array<uint8_t, 4> address;
  int bits;
};
// https://www.iana.org/assignments/iana-ipv4-special-registry
constexpr Net4 kNotPublic4[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},    {{100, 64, 0, 0}, 10},   {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12}, {{192, 0, 0, 0}, 24},    {{192, 0, 2, 0}, 24},
    {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24}, {{203, 0, 113, 0}, 24},
    {{224, 0, 0, 0}, 4},    {{240, 0, 0, 0}, 4},
};

uint32_t number_of(Span<const uint8_t> four) {
  return uint32_t{four[0]} << 24 | uint32_t{four[1]} << 16 | uint32_t{four[2]} << 8 | four[3];
}

bool is_public4(Span<const uint8_t> address) {
  return std::ranges::none_of(kNotPublic4, [&](const Net4& net) {
    const int rest = 32 - net.bits;
    return number_of(address) >> rest == number_of(net.address) >> rest;
  });
}

}  // namespace

std::optional<uint64_t> parse_decimal(std::string_view text) {
  uint64_t number = 0;
  if (text.empty()) return std::nullopt;
  for (const char c : text) {
    if (c < '0' || c > '9' || __builtin_mul_overflow(number, uint64_t{10}, &number) ||
        __builtin_add_overflow(number, static_cast<uint64_t>(c - '0'), &number))
      return std::nullopt;
  }
  return number;
}

std::optional<ContentRange> parse_content_range(std::string_view value) {
  value = trimmed(value);
  constexpr std::string_view kUnit = "bytes ";
  if (lower(value.substr(0, kUnit.size())) != kUnit) return std::nullopt;
  value.remove_prefix(kUnit.size());
  const size_t dash = value.find('-');
  const size_t slash = value.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash)
    return std::nullopt;
  const auto first = parse_decimal(value.substr(0, dash));
  const auto last = parse_decimal(value.substr(dash + 1, slash - dash - 1));
  const auto total = parse_decimal(value.substr(slash + 1));
  if (!first || !last || !total || *last < *first || *last >= *total) return std::nullopt;
  return ContentRange{*first, *last, *total};
}

std::optional<double> parse_retry_after(std::string_view value) {
  const auto seconds = parse_decimal(trimmed(value));
  if (!seconds) return std::nullopt;
  return static_cast<double>(std::min<uint64_t>(*seconds, 1u << 30));
}

std::string plain_etag(std::string_view value) {
  value = trimmed(value);
  if (value.starts_with("W/")) value.remove_prefix(2);
  if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
    value = value.substr(1, value.size() - 2);
  return std::string(value);
}

std::optional<std::pair<std::string, std::string>> parse_header(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  return std::pair(lower(trimmed(line.substr(0, colon))),
                   std::string(trimmed(line.substr(colon + 1))));
}

bool is_public_address(Span<const uint8_t> address) {
  if (address.size() == 4) return is_public4(address);
  if (address.size() != 16) return false;
  const auto starts = [&](std::initializer_list<uint8_t> bytes) {
    return std::ranges::equal(address.first(bytes.size()), bytes);
  };
  const auto zeros = [&](size_t first, size_t last) {
    return std::ranges::all_of(address.subspan(first, last - first),
                               [](uint8_t byte) { return byte == 0; });
  };
  // ::ffff:a.b.c.d, ::a.b.c.d (also :: and ::1) and 64:ff9b::a.b.c.d hold an IPv4 address.
  if (zeros(0, 10) && address[10] == 0xff && address[11] == 0xff)
    return is_public4(address.subspan(12));
  if (zeros(0, 12)) return is_public4(address.subspan(12));
  if (starts({0x00, 0x64, 0xff, 0x9b}) && zeros(4, 12)) return is_public4(address.subspan(12));
  if (starts({0x20, 0x02})) return is_public4(address.subspan(2, 4));  // 6to4
  // 2000::/3 is what is given out; Teredo and documentation are not for connecting.
  if ((address[0] & 0xe0) != 0x20) return false;
  return !starts({0x20, 0x01, 0x0d, 0xb8}) && !starts({0x20, 0x01, 0x00, 0x00});
}

bool may_be_public_host(std::string_view host) {
  std::string name = lower(host);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  name = name.substr(0, name.find('%'));  // a zone
  std::array<uint8_t, 16> address{};
  if (::inet_pton(AF_INET, name.c_str(), address.data()) == 1)
    return is_public_address(Span<const uint8_t>(address).first(4));
  if (::inet_pton(AF_INET6, name.c_str(), address.data()) == 1) return is_public_address(address);
  while (name.ends_with('.')) name.pop_back();
  for (const std::string_view local : {"localhost", "local", "internal", "lan", "home.arpa"})
    if (name == local || name.ends_with("." + std::string(local))) return false;
  return name.find('.') != std::string::npos;  // a single word is a name of the own network
}

std::string shown_url(std::string_view url) {
  std::string shown(url.substr(0, url.find_first_of("?#")));
  const size_t start = shown.find("://");
  if (start != std::string::npos) {
    const size_t end = std::min(shown.find('/', start + 3), shown.size());
    const size_t at = shown.rfind('@', end);
    if (at != std::string::npos && at > start && at < end) shown.erase(start + 3, at - start - 2);
  }
  const std::string quoted = in_quotes(shown, 300);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace gerbil::hub
