#include "cli/json_input.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace gerbil::cli {

Status check_json(std::string_view text, std::string_view what) {
  using Json = nlohmann::ordered_json;
  constexpr int kMaxDepth = 256;  // printing recurses
  bool deep = false;
  const Json value = Json::parse(
      text,
      [&](int depth, Json::parse_event_t, Json&) {
        deep = deep || depth > kMaxDepth;
        return !deep;
      },
      /*allow_exceptions=*/false);
  if (deep) {
    return std::unexpected(Error{ErrorCode::kInvalidArgument,
                                 fmt::format("{}: nested deeper than {}", what, kMaxDepth)});
  }
  if (value.is_discarded()) {
    return std::unexpected(Error{ErrorCode::kCorrupt, fmt::format("{}: is not JSON", what)});
  }
  return {};
}

}  // namespace gerbil::cli
