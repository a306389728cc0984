// A Jinja template, as Hugging Face tokenizers carry them: compiled once, rendered many times.
//
// The language is Jinja 3.1's as transformers sets it up (immutable sandbox, trim_blocks,
// lstrip_blocks, loop controls, generation tags, json.dumps-like tojson, raise_exception,
// strftime_now), without inheritance, includes and automatic escaping. A template reaches nothing
// but its variables. Both it and the variables may be hostile: Limits bound source, depth, steps,
// memory and output; an error is one line, "NAME:LINE: reason". Codes: kCorrupt for source that is
// no Jinja, kUnsupported for tags left out, kOutOfMemory for a limit, kInvalidArgument for what
// goes wrong in a rendering, raise_exception included.
//
// Immutable after compile(): render() from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/jinja/runtime.h"
#include "text/jinja/value.h"

namespace gerbil::text::jinja {

struct Ast;

using Variables = std::vector<std::pair<std::string, Value>>;

class Template {
 public:
  // `name` is what errors call the template: usually its file.
  static Result<Template> compile(std::string_view source, std::string name,
                                  const Limits& limits = {});

  // `fill` makes the variables, with the Runtime of this rendering. strftime_now is defined only
  // where `now` is given.
  using Fill = std::function<Status(Runtime& runtime, Variables& variables)>;
  Result<std::string> render(const Fill& fill, std::optional<CivilTime> now = {}) const;

  const std::string& name() const { return name_; }

 private:
  Template() = default;

  std::string name_;
  Limits limits_;
  std::shared_ptr<const Ast> ast_;
};

}  // namespace gerbil::text::jinja
