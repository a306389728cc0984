#include "hub/http_url_curl.h"

#include <curl/curl.h>

#include <memory>

#include "hub/http_reply.h"

namespace gerbil::hub {
namespace {

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* value = nullptr;
  if (curl_url_get(url, part, &value, flags) != CURLUE_OK) return "";
  std::string text(value);
  curl_free(value);
  return text;
}

}  // namespace

Result<Url> parse_url(const std::string& text, const std::string& base) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
  if (!url) return fail(ErrorCode::kOutOfMemory, "out of memory");
  const auto take = [&](const std::string& part) {
    return part.find('\0') == std::string::npos &&
           curl_url_set(url.get(), CURLUPART_URL, part.c_str(), CURLU_NON_SUPPORT_SCHEME) ==
               CURLUE_OK;
  };
  if ((!base.empty() && !take(base)) || !take(text))
    return invalid("{}: is no URL", shown_url(text));
  Url result;
  result.scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (result.scheme != "http" && result.scheme != "https")
    return invalid("{}: expected an http or https URL", shown_url(text));
  result.host = part_of(url.get(), CURLUPART_HOST);
  if (result.host.empty()) return invalid("{}: names no host", shown_url(text));
  result.origin = fmt::format("{}://{}:{}", result.scheme, result.host,
                              part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
  if (!part_of(url.get(), CURLUPART_USER).empty() ||
      !part_of(url.get(), CURLUPART_PASSWORD).empty())
    return invalid("{}: a URL with a user or password is not used", shown_url(text));
  curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
  result.text = part_of(url.get(), CURLUPART_URL);
  return result;
}

}  // namespace gerbil::hub
