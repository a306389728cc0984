// Walks an Ast and writes what it prints. One Interpreter per rendering, one thread; the Ast and
// the Runtime must outlive it. Evaluation is bounded by the Runtime's limits; line() says where an
// error came up.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/jinja/ast.h"
#include "text/jinja/runtime.h"
#include "text/jinja/value.h"

namespace gerbil::text::jinja {

class Interpreter {
 public:
  Interpreter(const Ast& ast, Runtime& runtime) : ast_(ast), runtime_(runtime) {}

  Result<std::string> run(std::span<const std::pair<std::string, Value>> variables);
  uint32_t line() const { return line_; }

 private:
  enum class Flow : uint8_t { kNext, kBreak, kContinue };
  class DepthGuard;

  // Statements: execute.cc
  Result<Flow> execute(const Body& body);
  Result<Flow> execute(const TextStatement& node);
  Result<Flow> execute(const OutputStatement& node);
  Result<Flow> execute(const IfStatement& node);
  Result<Flow> execute(const ForStatement& node);
  Result<Flow> execute(const SetStatement& node);
  Result<Flow> execute(const SetBlockStatement& node);
  Result<Flow> execute(const MacroStatement& node);
  Result<Flow> execute(const CallBlockStatement& node);
  Result<Flow> execute(const FilterBlockStatement& node);
  Result<Flow> execute(const WithStatement& node);
  Result<Flow> execute(const GenerationStatement& node);
  Result<Flow> execute(const EvaluateStatement& node);
  Result<Flow> execute(const BreakStatement& node);
  Result<Flow> execute(const ContinueStatement& node);
  Result<Flow> run_loop(const ForStatement& node, const Value& iterable, uint32_t depth0);
  Result<Flow> run_iterations(const ForStatement& node, LoopState& loop);
  Result<std::vector<Value>> filter_items(const ForStatement& node, std::vector<Value> items);
  Status assign(const Target& target, const Value& value);
  Status emit(std::string_view text);
  // Runs `body` in a scope of its own and takes what it prints.
  Result<Flow> capture(const Body& body, std::string& out);
  Result<Value> apply_filters(const std::vector<BuiltinCall>& filters, Value value);
  Value make_macro(const MacroStatement& statement);

  // Calls: calls.cc
  Result<Value> call(const Value& callee, const Arguments& arguments, uint32_t line);
  Result<Value> call_macro(const Macro& macro, const Arguments& arguments);
  Status bind_parameters(const MacroStatement& macro, const Arguments& arguments);
  Result<Value> call_loop(LoopState& loop, const Arguments& arguments);
  Result<Arguments> evaluate(const CallArguments& arguments);
  Result<Value> call_builtin(const BuiltinCall& builtin, const Value& input, const char* what);

  // Expressions: evaluate.cc
  Result<Value> evaluate(ExprRef expr);
  Result<Value> evaluate(const ConstantExpr& node);
  Result<Value> evaluate(const NameExpr& node);
  Result<Value> evaluate(const ListExpr& node);
  Result<Value> evaluate(const DictExpr& node);
  Result<Value> evaluate(const UnaryExpr& node);
  Result<Value> evaluate(const BinaryExpr& node);
  Result<Value> evaluate(const CompareExpr& node);
  Result<Value> evaluate(const ConcatExpr& node);
  Result<Value> evaluate(const ConditionalExpr& node);
  Result<Value> evaluate(const AttributeExpr& node);
  Result<Value> evaluate(const SubscriptExpr& node);
  Result<Value> evaluate(const SliceExpr& node);
  Result<Value> evaluate(const CallExpr& node);
  Result<Value> evaluate(const FilterExpr& node);
  Result<Value> evaluate(const TestExpr& node);
  Result<Value> evaluate_or_none(ExprRef expr);
  const Value* look_up(Symbol symbol) const;
  // Where the template never mentions the name, kNoSymbol.
  Symbol symbol_of(std::string_view name) const;

  const Ast& ast_;
  Runtime& runtime_;
  Scope* scope_ = nullptr;
  std::string out_;
  uint64_t out_bytes_ = 0;  // of out_ and of the outputs that captures have set aside
  uint32_t line_ = 1;
  uint32_t depth_ = 0;
  Symbol loop_symbol_ = 0;
  Symbol varargs_symbol_ = 0;
  Symbol kwargs_symbol_ = 0;
  Symbol caller_symbol_ = 0;
};

inline constexpr Symbol kNoSymbol = UINT32_MAX;

// Counts a level of the evaluation for as long as it lives.
class Interpreter::DepthGuard {
 public:
  explicit DepthGuard(Interpreter& interpreter) : interpreter_(interpreter) {
    ++interpreter_.depth_;
  }
  ~DepthGuard() { --interpreter_.depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

  Status check() const {
    const uint32_t limit = interpreter_.runtime_.limits().max_depth;
    if (interpreter_.depth_ > limit)
      return fail(ErrorCode::kOutOfMemory, "macros and blocks are nested deeper than {} levels",
                  limit);
    return interpreter_.runtime_.work(1);
  }

 private:
  Interpreter& interpreter_;
};

}  // namespace gerbil::text::jinja
