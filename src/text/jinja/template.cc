#include "text/jinja/template.h"

#include <algorithm>

#include "text/jinja/interpreter.h"
#include "text/jinja/parser.h"
#include "text/utf8.h"

namespace gerbil::text::jinja {
namespace {

constexpr size_t kMaxMessage = 1000;

// Messages hold text of the template and the messages: one line, of bounded length.
Error one_line(Error error) {
  for (char& c : error.message)
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  if (error.message.size() > kMaxMessage) {
    size_t end = kMaxMessage;
    while (end > 0 && (static_cast<uint8_t>(error.message[end]) & 0xC0) == 0x80) --end;
    error.message.resize(end);
    error.message += "...";
  }
  return error;
}

}  // namespace

Result<Template> Template::compile(std::string_view source, std::string name,
                                   const Limits& limits) {
  if (source.size() > limits.max_source_bytes)
    return invalid("{}: a template of {} bytes is longer than the limit of {}", name, source.size(),
                   limits.max_source_bytes);
  GERBIL_CHECK_OK(check_utf8(source, name));
  Result<Ast> ast = parse(source, limits);
  if (!ast) {
    Error error = one_line(std::move(ast).error());
    error.message = name + ":" + error.message;
    return std::unexpected<Error>(std::move(error));
  }
  Template out;
  out.name_ = std::move(name);
  out.limits_ = limits;
  out.ast_ = std::make_shared<const Ast>(*std::move(ast));
  return out;
}

Result<std::string> Template::render(const Fill& fill, std::optional<CivilTime> now) const {
  Runtime runtime(limits_, now);
  Variables variables;
  GERBIL_CHECK_OK(fill(runtime, variables));
  Interpreter interpreter(*ast_, runtime);
  Result<std::string> out = interpreter.run(variables);
  if (out) return out;
  return with_context(one_line(std::move(out).error()),
                      fmt::format("{}:{}", name_, interpreter.line()));
}

}  // namespace gerbil::text::jinja
