#include "hub/http_client.h"

#include "hub/http_reply.h"

namespace gerbil::hub {
namespace {

const std::string* find(const HttpHeaders& headers, std::string_view name) {
  const auto found = headers.find(name);
  return found == headers.end() ? nullptr : &found->second;
}

}  // namespace

std::string Transfer::found_etag() const {
  const HttpHeaders& named = first_headers.empty() ? headers : first_headers;
  for (const std::string_view name : {"x-linked-etag", "etag"})
    if (const std::string* value = find(named, name)) return plain_etag(*value);
  return "";
}

std::optional<uint64_t> Transfer::found_size() const {
  const HttpHeaders& named = first_headers.empty() ? headers : first_headers;
  if (const std::string* value = find(named, "x-linked-size")) return parse_decimal(*value);
  if (!first_headers.empty() || status >= 300) return std::nullopt;  // a redirect's own length
  const std::string* value = find(named, "content-length");
  return value ? parse_decimal(*value) : std::nullopt;
}

}  // namespace gerbil::hub
