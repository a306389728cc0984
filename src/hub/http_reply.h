// The parts of HTTP that are text: values of headers, and which addresses are whose. Pure
// functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/span.h"

namespace gerbil::hub {

// "bytes 0-99/1234"; nothing where it is anything else, has no total, or contradicts itself.
struct ContentRange {
  uint64_t first = 0;
  uint64_t last = 0;  // inclusive
  uint64_t total = 0;
};
std::optional<ContentRange> parse_content_range(std::string_view value);

// Digits alone, as many as 64 bits hold.
std::optional<uint64_t> parse_decimal(std::string_view text);

// Seconds of a Retry-After; nothing for a date.
std::optional<double> parse_retry_after(std::string_view value);

// W/"abc" -> abc
std::string plain_etag(std::string_view value);

// "Name: value\r\n" -> ("name", "value"); nothing for what is no header.
std::optional<std::pair<std::string, std::string>> parse_header(std::string_view line);

// Is an address (4 or 16 bytes, as it goes over the wire) one that the whole internet can reach?
// Not so: loopback, private networks, link-local (clouds' metadata services), shared (RFC 6598),
// reserved, multicast; for IPv6 also those that hold such an IPv4 address.
bool is_public_address(Span<const uint8_t> address);

// The same for a host as URLs have it, where that can be told without asking: an address in digits
// or a name for this machine. Names that must be looked up count as public.
bool may_be_public_host(std::string_view host);

// For messages: no user, password or query.
std::string shown_url(std::string_view url);

}  // namespace gerbil::hub
