// URLs as libcurl reads them, so that what is checked is what is connected to. For *_curl.cc.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace gerbil::hub {

struct Url {
  std::string text;    // whole, normalised
  std::string scheme;  // "http", "https"
  std::string host;
  std::string origin;  // "https://host:443"
};

// http and https alone. `base`: what a relative one is relative to.
Result<Url> parse_url(const std::string& text, const std::string& base = "");

}  // namespace gerbil::hub
