// The Hugging Face client's environment variables, and those of proxies, as a Hub. One thread.
#pragma once

#include "gerbil/hub.h"

namespace gerbil::cli {

// HF_ENDPOINT, HF_TOKEN (else the file at HF_TOKEN_PATH or HF_HOME/token; none with
// HF_HUB_DISABLE_IMPLICIT_TOKEN), HF_HUB_CACHE (else HF_HOME/hub; HF_HOME: ~/.cache/huggingface),
// HF_HUB_OFFLINE, HF_HUB_DOWNLOAD_TIMEOUT; http_proxy, https_proxy, all_proxy, no_proxy;
// SSL_CERT_FILE, CURL_CA_BUNDLE, REQUESTS_CA_BUNDLE.
Hub hub_from_environment();

// HF_HUB_DISABLE_PROGRESS_BARS
bool hub_shows_progress();

}  // namespace gerbil::cli
