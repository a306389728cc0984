// The settings of a chat: the flags that `gerbil run` takes too, by their names without dashes
// (top_k or top-k). A value is checked as it is on the command line, so that both know the same and
// say the same. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/options.h"
#include "gerbil/result.h"

namespace gerbil::cli {

struct SettingInfo {
  std::string name;                  // "top_k"
  std::optional<std::string> value;  // absent: the model's default
  std::string help;
};

class ChatSettings {
 public:
  ChatSettings() = default;
  explicit ChatSettings(std::vector<Setting> given) : given_(std::move(given)) {}

  // "default" takes a setting back. An error changes nothing.
  Status set(std::string_view name, const std::vector<std::string>& values);
  std::vector<SettingInfo> list() const;
  std::optional<std::string> value(std::string_view name) const;

  // Those that were set, in order.
  const std::vector<Setting>& given() const { return given_; }
  GenerationOptions generation() const;

 private:
  std::vector<Setting> given_;
};

}  // namespace gerbil::cli
