#include "api/hub.h"

#include <algorithm>

#include "api/prompter.h"

namespace gerbil::api {

hub::HubAccess hub_access(const Hub& hub, const std::function<void(std::string_view)>& on_note) {
  hub::HubAccess access;
  access.endpoint = hub.endpoint;
  access.token = hub.token;
  access.cache_folder = hub.cache_folder;
  access.offline = hub.offline;
  access.http.user_agent = fmt::format("gerbil/{}", version());
  access.http.http_proxy = hub.http_proxy;
  access.http.https_proxy = hub.https_proxy;
  access.http.no_proxy = hub.no_proxy;
  access.http.ca_file = hub.ca_file;
  access.http.connections = std::clamp(hub.connections, 1, 64);
  access.http.stall_s = hub.stall_s;
  access.http.cancelled = hub.cancelled;
  access.on_progress = hub.on_progress;
  access.on_note = on_note;
  return access;
}

hub::HubOptions hub_options(const LoadOptions& options) {
  hub::HubOptions result = hub_options(options.bundled_models, true);
  result.hub = hub_access(options.hub, options.on_note);
  return result;
}

std::vector<tensor::TensorRef> needed_tensors(const model::Model& model,
                                              const format::Checkpoint& checkpoint) {
  std::vector<tensor::TensorRef> needed;
  for (const std::string& name : model.report.names)
    if (const tensor::TensorRef* tensor = checkpoint.find(name)) needed.push_back(*tensor);
  return needed;
}

}  // namespace gerbil::api
