#include "cli/hub_environment.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <initializer_list>
#include <iterator>

#include "cli/environment.h"
#include "cli/option_values.h"

namespace gerbil::cli {
namespace {

std::string first_of(std::initializer_list<const char*> names, const std::string& otherwise) {
  for (const char* name : names)
    if (auto value = environment(name)) return *value;
  return otherwise;
}

// As the client reads its switches.
bool is_on(const char* name) {
  auto value = environment(name);
  if (!value) return false;
  std::ranges::transform(*value, value->begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return *value == "1" || *value == "ON" || *value == "YES" || *value == "TRUE";
}

std::string expanded(std::string path) {
  const auto home = environment("HOME");
  if (home && (path == "~" || path.starts_with("~/"))) path = *home + path.substr(1);
  return path;
}

std::string trimmed(const std::string& text) {
  constexpr const char* kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string client_home() {
  if (auto home = environment("HF_HOME")) return expanded(*home);
  if (const auto caches = environment("XDG_CACHE_HOME")) return expanded(*caches) + "/huggingface";
  if (const auto home = environment("HOME")) return *home + "/.cache/huggingface";
  return "";
}

std::string token_in(const std::string& home) {
  if (is_on("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return "";
  const std::string given = trimmed(first_of({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}, ""));
  if (!given.empty()) return given;
  std::ifstream file(expanded(first_of({"HF_TOKEN_PATH"}, home + "/token")));
  std::string token(std::istreambuf_iterator<char>(file), {});
  return trimmed(token.substr(0, 4096));
}

}  // namespace

Hub hub_from_environment() {
  const std::string home = client_home();
  Hub hub;
  hub.endpoint = first_of({"HF_ENDPOINT"}, hub.endpoint);
  hub.token = token_in(home);
  hub.cache_folder = expanded(
      first_of({"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}, home.empty() ? "" : home + "/hub"));
  hub.offline = is_on("HF_HUB_OFFLINE") || is_on("TRANSFORMERS_OFFLINE");
  // HTTP_PROXY in capitals is left alone, as libcurl does: web servers set it from requests.
  const std::string any = first_of({"all_proxy", "ALL_PROXY"}, "");
  hub.http_proxy = first_of({"http_proxy"}, any);
  hub.https_proxy = first_of({"https_proxy", "HTTPS_PROXY"}, any);
  hub.no_proxy = first_of({"no_proxy", "NO_PROXY"}, "");
  hub.ca_file = expanded(first_of({"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}, ""));
  if (const auto seconds = parse_number<double>(first_of({"HF_HUB_DOWNLOAD_TIMEOUT"}, "")))
    if (*seconds > 0 && *seconds <= 3600) hub.stall_s = *seconds;
  return hub;
}

bool hub_shows_progress() { return !is_on("HF_HUB_DISABLE_PROGRESS_BARS"); }

}  // namespace gerbil::cli
