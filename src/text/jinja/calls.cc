// Calls of macros, loops and native functions. See interpreter.h.
#include <algorithm>

#include "base/quote.h"
#include "text/jinja/functions.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"

namespace gerbil::text::jinja {
namespace {

constexpr size_t kMaxUnpacked = 10'000;  // arguments out of one * or **

std::unexpected<Error> too_many_arguments() {
  return invalid("a call unpacks more than {} arguments", kMaxUnpacked);
}

}  // namespace

Result<Arguments> Interpreter::evaluate(const CallArguments& arguments) {
  Arguments out;
  for (ExprRef expr : arguments.positional) {
    GERBIL_TRY(Value value, evaluate(expr));
    out.positional.push_back(std::move(value));
  }
  if (arguments.star) {
    GERBIL_TRY(const Value list, evaluate(arguments.star));
    GERBIL_TRY(std::vector<Value> items, iterate(runtime_, list));
    if (items.size() > kMaxUnpacked) return too_many_arguments();
    std::move(items.begin(), items.end(), std::back_inserter(out.positional));
  }
  for (const auto& [name, expr] : arguments.named) {
    GERBIL_TRY(Value value, evaluate(expr));
    out.named.emplace_back(name, std::move(value));
  }
  if (arguments.double_star) {
    GERBIL_TRY(const Value value, evaluate(arguments.double_star));
    const Dict* dict = value.dict();
    if (!dict) return invalid("what follows ** must be a mapping, not {}", type_name(value));
    if (dict->entries.size() > kMaxUnpacked) return too_many_arguments();
    GERBIL_CHECK_OK(runtime_.work(dict->entries.size()));
    for (const auto& [key, item] : dict->entries) {
      if (!key.string()) return invalid("keywords must be strings");
      out.named.emplace_back(*key.string(), item);
    }
  }
  // A name twice is refused; there are few but for ** of a large dict.
  std::vector<std::string_view> names;
  names.reserve(out.named.size());
  for (const auto& [name, value] : out.named) names.push_back(name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) return invalid("the argument {} is given twice", in_quotes(*twice));
  return out;
}

Result<Value> Interpreter::call(const Value& callee, const Arguments& arguments, uint32_t line) {
  line_ = line;
  if (const Native* native = callee.native()) {
    return native->function(Call{runtime_, native->name, native->self, arguments});
  }
  if (const Macro* macro = callee.macro()) return call_macro(*macro, arguments);
  if (Namespace* ns = callee.name_space(); ns && ns->kind == Namespace::Kind::kJoiner)
    return joined(*ns, arguments);
  if (LoopState* loop = callee.loop()) return call_loop(*loop, arguments);
  if (callee.is_undefined()) return use_of_undefined(callee);
  return invalid("'{}' object is not callable", type_name(callee));
}

Result<Value> Interpreter::call_builtin(const BuiltinCall& builtin, const Value& input,
                                        const char* what) {
  line_ = builtin.line;
  if (!builtin.function) return invalid("no {} is named {}", what, in_quotes(builtin.name));
  GERBIL_TRY(const Arguments arguments, evaluate(builtin.arguments));
  line_ = builtin.line;
  return builtin.function(Call{runtime_, builtin.name, input, arguments});
}

// Puts the arguments of a call into the macro's new scope, which is the current one.
Status Interpreter::bind_parameters(const MacroStatement& macro, const Arguments& arguments) {
  std::vector<Value> varargs;
  Dict kwargs;
  const auto named = [&](std::string_view name) -> const Value* {
    for (const auto& [key, value] : arguments.named)
      if (key == name) return &value;
    return nullptr;
  };
  for (size_t i = 0; i < macro.parameters.size(); ++i) {
    const auto& [symbol, fallback] = macro.parameters[i];
    const std::string& name = macro.parameter_names[i];
    const Value* by_name = named(name);
    if (i < arguments.positional.size()) {
      if (by_name) return invalid("macro '{}' got the argument '{}' twice", macro.name, name);
      scope_->set(symbol, arguments.positional[i]);
    } else if (by_name) {
      scope_->set(symbol, *by_name);
    } else if (fallback) {
      GERBIL_TRY(Value value, evaluate(fallback));
      scope_->set(symbol, std::move(value));
    } else {
      scope_->set(symbol, undefined_because(fmt::format("parameter '{}' was not provided", name)));
    }
  }
  if (arguments.positional.size() > macro.parameters.size()) {
    if (!macro.takes_varargs)
      return invalid("macro '{}' takes not more than {} arguments, got {}", macro.name,
                     macro.parameters.size(), arguments.positional.size());
    varargs.assign(
        arguments.positional.begin() + static_cast<std::ptrdiff_t>(macro.parameters.size()),
        arguments.positional.end());
  }
  for (const auto& [name, value] : arguments.named) {
    const auto& names = macro.parameter_names;
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if (name == "caller" && macro.takes_caller) continue;
    if (!macro.takes_kwargs)
      return invalid("macro '{}' takes no keyword argument {}", macro.name, in_quotes(name));
    GERBIL_TRY(Value key, runtime_.string(name));
    kwargs.set(std::move(key), value);
  }
  if (macro.takes_caller) {
    const Value* caller = named("caller");
    scope_->set(caller_symbol_, caller ? *caller : undefined_because("no caller is defined"));
  }
  if (macro.takes_varargs) {
    GERBIL_TRY(Value value, runtime_.list(std::move(varargs), ListKind::kTuple));
    scope_->set(varargs_symbol_, std::move(value));
  }
  if (macro.takes_kwargs) {
    GERBIL_TRY(Value value, runtime_.dict(std::move(kwargs)));
    scope_->set(kwargs_symbol_, std::move(value));
  }
  return {};
}

Result<Value> Interpreter::call_macro(const Macro& macro, const Arguments& arguments) {
  const DepthGuard guard(*this);
  GERBIL_CHECK_OK(guard.check());
  Scope* const caller_scope = scope_;
  GERBIL_TRY(scope_, runtime_.open_scope(macro.scope));
  GERBIL_CHECK_OK(bind_parameters(*macro.statement, arguments));
  std::string text;
  GERBIL_CHECK_OK(capture(macro.statement->body, text));
  runtime_.close_scope(scope_);
  scope_ = caller_scope;
  return runtime_.string(std::move(text));
}

Result<Value> Interpreter::call_loop(LoopState& loop, const Arguments& arguments) {
  const DepthGuard guard(*this);
  GERBIL_CHECK_OK(guard.check());
  if (!loop.statement || !loop.statement->recursive)
    return invalid("a loop must have the 'recursive' marker to be called recursively");
  if (arguments.positional.size() != 1 || !arguments.named.empty())
    return invalid("a recursive loop is called with one iterable");
  std::string outer = std::exchange(out_, {});
  Scope* const caller_scope = std::exchange(scope_, loop.scope);
  GERBIL_CHECK_OK(run_loop(*loop.statement, arguments.positional[0], loop.depth0 + 1));
  scope_ = caller_scope;
  std::string text = std::exchange(out_, std::move(outer));
  out_bytes_ -= text.size();
  return runtime_.string(std::move(text));
}

}  // namespace gerbil::text::jinja
