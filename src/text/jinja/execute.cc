// Statements. See interpreter.h.
#include <algorithm>

#include "text/jinja/builtins.h"
#include "text/jinja/format.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"

namespace gerbil::text::jinja {

Result<std::string> Interpreter::run(std::span<const std::pair<std::string, Value>> variables) {
  loop_symbol_ = symbol_of("loop");
  varargs_symbol_ = symbol_of("varargs");
  kwargs_symbol_ = symbol_of("kwargs");
  caller_symbol_ = symbol_of("caller");
  GERBIL_TRY(scope_, runtime_.open_scope(nullptr));
  for (const Builtin& function : global_functions()) {
    if (function.name == "strftime_now" && !runtime_.now()) continue;
    const Symbol symbol = symbol_of(function.name);
    if (symbol == kNoSymbol) continue;
    Native native{std::string(function.name), function.function, Value()};
    scope_->set(symbol, Value(std::make_shared<const Native>(std::move(native))));
  }
  for (const auto& [name, value] : variables) {
    const Symbol symbol = symbol_of(name);
    if (symbol != kNoSymbol) scope_->set(symbol, value);
  }
  GERBIL_CHECK_OK(execute(ast_.body));
  return std::move(out_);
}

Symbol Interpreter::symbol_of(std::string_view name) const {
  const auto it = std::find(ast_.symbols.begin(), ast_.symbols.end(), name);
  return it == ast_.symbols.end() ? kNoSymbol : static_cast<Symbol>(it - ast_.symbols.begin());
}

Result<Interpreter::Flow> Interpreter::execute(const Body& body) {
  const DepthGuard guard(*this);
  for (const Statement* statement : body) {
    GERBIL_CHECK_OK(guard.check());
    line_ = statement->line;
    GERBIL_TRY(const Flow flow,
               std::visit([this](const auto& node) { return execute(node); }, statement->node));
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Status Interpreter::emit(std::string_view text) {
  if (out_bytes_ + text.size() > runtime_.limits().max_output_bytes)
    return fail(ErrorCode::kOutOfMemory, "the output is longer than {} bytes",
                runtime_.limits().max_output_bytes);
  GERBIL_CHECK_OK(runtime_.work(text.size() / 64));
  out_ += text;
  out_bytes_ += text.size();
  return {};
}

Result<Interpreter::Flow> Interpreter::capture(const Body& body, std::string& out) {
  std::string outer = std::exchange(out_, {});
  Scope* const outer_scope = scope_;
  GERBIL_TRY(scope_, runtime_.open_scope(outer_scope));
  GERBIL_TRY(const Flow flow, execute(body));
  runtime_.close_scope(scope_);
  scope_ = outer_scope;
  out = std::exchange(out_, std::move(outer));
  out_bytes_ -= out.size();
  return flow;
}

Result<Interpreter::Flow> Interpreter::execute(const TextStatement& node) {
  GERBIL_CHECK_OK(emit(node.text));
  return Flow::kNext;
}

Result<Interpreter::Flow> Interpreter::execute(const OutputStatement& node) {
  GERBIL_TRY(const Value value, evaluate(node.value));
  if (const std::string* text = value.string()) {
    GERBIL_CHECK_OK(emit(*text));
  } else {
    GERBIL_TRY(const std::string text_of_value, to_text(runtime_, value));
    GERBIL_CHECK_OK(emit(text_of_value));
  }
  return Flow::kNext;
}

Result<Interpreter::Flow> Interpreter::execute(const IfStatement& node) {
  for (const auto& [condition, body] : node.branches) {
    GERBIL_TRY(const Value value, evaluate(condition));
    if (is_true(value)) return execute(body);
  }
  return execute(node.otherwise);
}

Result<Interpreter::Flow> Interpreter::execute(const ForStatement& node) {
  GERBIL_TRY(const Value iterable, evaluate(node.iterable));
  return run_loop(node, iterable, 0);
}

Result<Interpreter::Flow> Interpreter::run_loop(const ForStatement& node, const Value& iterable,
                                                uint32_t depth0) {
  GERBIL_TRY(std::vector<Value> items, iterate(runtime_, iterable));
  if (node.filter) {
    GERBIL_TRY(items, filter_items(node, std::move(items)));
  }
  if (items.empty()) {
    Scope* const outer = scope_;
    GERBIL_TRY(scope_, runtime_.open_scope(outer));
    GERBIL_TRY(const Flow flow, execute(node.otherwise));
    runtime_.close_scope(scope_);
    scope_ = outer;
    return flow;
  }
  GERBIL_TRY(LoopState* const loop, runtime_.make_loop(std::move(items)));
  loop->depth0 = depth0;
  loop->statement = &node;
  loop->scope = scope_;
  GERBIL_TRY(const Flow flow, run_iterations(node, *loop));
  // The value `loop` may have been kept: what it holds of the outside ends here.
  loop->items = std::vector<Value>();  // "= {}" would keep its memory
  loop->charge = {};
  loop->statement = nullptr;
  loop->last_changed.reset();
  return flow;
}

Result<Interpreter::Flow> Interpreter::run_iterations(const ForStatement& node, LoopState& loop) {
  Scope* const outer = scope_;
  GERBIL_TRY(scope_, runtime_.open_scope(outer));
  for (loop.index0 = 0; loop.index0 < loop.length; ++loop.index0) {
    scope_->variables.clear();
    if (loop_symbol_ != kNoSymbol) scope_->set(loop_symbol_, Value(&loop));
    GERBIL_CHECK_OK(assign(node.target, loop.items[static_cast<size_t>(loop.index0)]));
    GERBIL_CHECK_OK(runtime_.work(1));
    GERBIL_TRY(const Flow flow, execute(node.body));
    if (flow == Flow::kBreak) break;
  }
  runtime_.close_scope(scope_);
  scope_ = outer;
  return Flow::kNext;
}

Result<std::vector<Value>> Interpreter::filter_items(const ForStatement& node,
                                                     std::vector<Value> items) {
  Scope* const outer = scope_;
  GERBIL_TRY(scope_, runtime_.open_scope(outer));
  std::vector<Value> kept;
  for (Value& item : items) {
    scope_->variables.clear();
    GERBIL_CHECK_OK(assign(node.target, item));
    GERBIL_TRY(const Value wanted, evaluate(node.filter));
    if (is_true(wanted)) kept.push_back(std::move(item));
  }
  runtime_.close_scope(scope_);
  scope_ = outer;
  return kept;
}

Status Interpreter::assign(const Target& target, const Value& value) {
  if (target.attribute) {
    const Value* owner = look_up(target.symbol);
    const Namespace* ns = owner ? owner->name_space() : nullptr;
    if (!ns || ns->kind != Namespace::Kind::kNamespace)
      return invalid("only a namespace's attributes can be set, '{}' is none",
                     ast_.symbols[target.symbol]);
    owner->name_space()->set(*target.attribute, value);
    return {};
  }
  if (target.items.empty()) {
    scope_->set(target.symbol, value);
    return {};
  }
  GERBIL_TRY(const std::vector<Value> items, iterate(runtime_, value));
  if (items.size() != target.items.size())
    return invalid("cannot unpack {} values into {} names", items.size(), target.items.size());
  for (size_t i = 0; i < items.size(); ++i) GERBIL_CHECK_OK(assign(target.items[i], items[i]));
  return {};
}

Result<Interpreter::Flow> Interpreter::execute(const SetStatement& node) {
  GERBIL_TRY(const Value value, evaluate(node.value));
  GERBIL_CHECK_OK(assign(node.target, value));
  return Flow::kNext;
}

Result<Value> Interpreter::apply_filters(const std::vector<BuiltinCall>& filters, Value value) {
  for (const BuiltinCall& filter : filters) {
    GERBIL_TRY(value, call_builtin(filter, value, "filter"));
  }
  return value;
}

Result<Interpreter::Flow> Interpreter::execute(const SetBlockStatement& node) {
  std::string text;
  GERBIL_TRY(const Flow flow, capture(node.body, text));
  if (flow != Flow::kNext) return flow;
  GERBIL_TRY(Value value, runtime_.string(std::move(text)));
  GERBIL_TRY(value, apply_filters(node.filters, std::move(value)));
  GERBIL_CHECK_OK(assign(node.target, value));
  return Flow::kNext;
}

Result<Interpreter::Flow> Interpreter::execute(const FilterBlockStatement& node) {
  std::string text;
  GERBIL_TRY(const Flow flow, capture(node.body, text));
  if (flow != Flow::kNext) return flow;
  GERBIL_TRY(Value value, runtime_.string(std::move(text)));
  GERBIL_TRY(value, apply_filters(node.filters, std::move(value)));
  GERBIL_TRY(const std::string filtered, to_text(runtime_, value));
  GERBIL_CHECK_OK(emit(filtered));
  return Flow::kNext;
}

Value Interpreter::make_macro(const MacroStatement& statement) {
  for (Scope* scope = scope_; scope; scope = scope->parent) scope->captured = true;
  return Value(std::make_shared<const Macro>(Macro{&statement, scope_}));
}

Result<Interpreter::Flow> Interpreter::execute(const MacroStatement& node) {
  scope_->set(node.symbol, make_macro(node));
  return Flow::kNext;
}

Result<Interpreter::Flow> Interpreter::execute(const CallBlockStatement& node) {
  const auto& target = std::get<CallExpr>(node.call->node);
  GERBIL_TRY(const Value callee, evaluate(target.callee));
  GERBIL_TRY(Arguments arguments, evaluate(target.arguments));
  arguments.named.emplace_back("caller", make_macro(*node.caller));
  GERBIL_TRY(const Value result, call(callee, arguments, node.call->line));
  GERBIL_TRY(const std::string text, to_text(runtime_, result));
  GERBIL_CHECK_OK(emit(text));
  return Flow::kNext;
}

Result<Interpreter::Flow> Interpreter::execute(const WithStatement& node) {
  std::vector<Value> values;
  for (const auto& [target, expr] : node.assignments) {
    GERBIL_TRY(Value value, evaluate(expr));
    values.push_back(std::move(value));
  }
  Scope* const outer = scope_;
  GERBIL_TRY(scope_, runtime_.open_scope(outer));
  for (size_t i = 0; i < values.size(); ++i)
    GERBIL_CHECK_OK(assign(node.assignments[i].first, values[i]));
  GERBIL_TRY(const Flow flow, execute(node.body));
  runtime_.close_scope(scope_);
  scope_ = outer;
  return flow;
}

Result<Interpreter::Flow> Interpreter::execute(const GenerationStatement& node) {
  std::string text;
  GERBIL_TRY(const Flow flow, capture(node.body, text));
  GERBIL_CHECK_OK(emit(text));
  return flow;
}

Result<Interpreter::Flow> Interpreter::execute(const EvaluateStatement& node) {
  GERBIL_CHECK_OK(evaluate(node.value));
  return Flow::kNext;
}

Result<Interpreter::Flow> Interpreter::execute(const BreakStatement&) { return Flow::kBreak; }
Result<Interpreter::Flow> Interpreter::execute(const ContinueStatement&) { return Flow::kContinue; }

}  // namespace gerbil::text::jinja
