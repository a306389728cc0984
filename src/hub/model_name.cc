#include "hub/model_name.h"

#include <algorithm>

namespace gerbil::hub {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// https://huggingface.co/docs/huggingface_hub: at most 96 characters, words of letters, digits and
// '_', joined by single '-' or '.'.
bool is_name_part(std::string_view part) {
  if (part.empty() || part.size() > 96) return false;
  if (part.find("--") != std::string_view::npos || part.find("..") != std::string_view::npos)
    return false;
  const auto is_word = [](char c) { return is_alphanumeric(c) || c == '_'; };
  return is_word(part.front()) && is_word(part.back()) &&
         std::ranges::all_of(part, [&](char c) { return is_word(c) || c == '-' || c == '.'; });
}

}  // namespace

std::string ModelName::text() const {
  return repo() + (revision == "main" ? "" : "@" + revision) + (file.empty() ? "" : ":" + file);
}

std::optional<ModelName> parse_model_name(std::string_view reference) {
  ModelName name;
  std::string_view repo = reference;
  if (const size_t colon = repo.find(':'); colon != std::string_view::npos) {
    name.file = repo.substr(colon + 1);
    if (!is_safe_path(name.file)) return std::nullopt;
    repo = repo.substr(0, colon);
  }
  if (const size_t at = repo.find('@'); at != std::string_view::npos) {
    name.revision = repo.substr(at + 1);
    if (!is_safe_path(name.revision) || name.revision.size() > 200) return std::nullopt;
    repo = repo.substr(0, at);
  }
  const size_t slash = repo.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  name.org = repo.substr(0, slash);
  name.name = repo.substr(slash + 1);
  if (!is_name_part(name.org) || !is_name_part(name.name)) return std::nullopt;
  return name;
}

bool is_safe_path(std::string_view path) {
  if (path.empty() || path.size() > 1024) return false;
  for (const char c : path)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\') return false;
  while (true) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part.size() > 255) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

bool is_commit(std::string_view text) {
  return text.size() == 40 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool is_safe_etag(std::string_view etag) {
  return !etag.empty() && etag.size() <= 128 &&
         etag.find_first_not_of('.') != std::string_view::npos &&
         std::ranges::all_of(
             etag, [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

std::string percent_encoded(std::string_view text, bool slashes) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (is_alphanumeric(c) || std::string_view("-._~").find(c) != std::string_view::npos ||
        (slashes && c == '/')) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return result;
}

}  // namespace gerbil::hub
