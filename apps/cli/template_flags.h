// The flags that say how a chat becomes a prompt, the same for every command that makes one. One
// thread.
#pragma once

#include <optional>
#include <string>

#include "gerbil/gerbil.h"

namespace CLI {
class App;
}

namespace gerbil::cli {

struct TemplateFlags {
  std::string chat_template;  // a name, or a file: it has a slash or a dot
  std::string arguments;
  std::optional<CivilTime> now;

  bool any() const { return !chat_template.empty() || !arguments.empty() || now.has_value(); }
};

void add_template_flags(CLI::App& app, TemplateFlags* flags);

// Reads the file, if one was named.
Result<ChatTemplateOptions> chat_template_options(const TemplateFlags& flags);

// "2026-02-28" or "2026-02-28T23:59:00", a blank in place of the T; nothing: it is no time that
// exists.
std::optional<CivilTime> parse_time(std::string_view text);

}  // namespace gerbil::cli
