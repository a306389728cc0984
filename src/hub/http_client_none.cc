// What stands in for libcurl in builds without it.
#include "hub/http_client.h"

namespace gerbil::hub {

struct HttpClient::Impl {};

HttpClient::HttpClient(HttpOptions) {}
HttpClient::~HttpClient() = default;

Status HttpClient::run(Span<Transfer> transfers) {
  if (transfers.empty()) return {};
  return unsupported("{}: this build was made without libcurl and fetches nothing",
                     transfers.front().url);
}

}  // namespace gerbil::hub
