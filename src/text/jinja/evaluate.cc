// Expressions. See interpreter.h.
#include "text/jinja/format.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"

namespace gerbil::text::jinja {

Result<Value> Interpreter::evaluate(ExprRef expr) {
  const DepthGuard guard(*this);
  line_ = expr->line;
  GERBIL_CHECK_OK(guard.check());
  return std::visit([this](const auto& node) { return evaluate(node); }, expr->node);
}

Result<Value> Interpreter::evaluate_or_none(ExprRef expr) {
  if (!expr) return Value(None{});
  return evaluate(expr);
}

const Value* Interpreter::look_up(Symbol symbol) const {
  for (const Scope* scope = scope_; scope; scope = scope->parent)
    if (const Value* found = scope->find_here(symbol)) return found;
  return nullptr;
}

Result<Value> Interpreter::evaluate(const ConstantExpr& node) { return node.value; }

Result<Value> Interpreter::evaluate(const NameExpr& node) {
  if (const Value* found = look_up(node.symbol)) return *found;
  return undefined_because(fmt::format("'{}' is undefined", ast_.symbols[node.symbol]));
}

Result<Value> Interpreter::evaluate(const ListExpr& node) {
  std::vector<Value> items;
  items.reserve(node.items.size());
  for (ExprRef item : node.items) {
    GERBIL_TRY(Value value, evaluate(item));
    items.push_back(std::move(value));
  }
  return runtime_.list(std::move(items), node.is_tuple ? ListKind::kTuple : ListKind::kList);
}

Result<Value> Interpreter::evaluate(const DictExpr& node) {
  Dict dict;
  for (const auto& [key_expr, value_expr] : node.entries) {
    GERBIL_TRY(Value key, evaluate(key_expr));
    if (!is_hashable(key)) return invalid("unhashable type: '{}'", type_name(key));
    GERBIL_TRY(Value value, evaluate(value_expr));
    dict.set(std::move(key), std::move(value));
  }
  return runtime_.dict(std::move(dict));
}

Result<Value> Interpreter::evaluate(const UnaryExpr& node) {
  const uint32_t line = line_;
  GERBIL_TRY(const Value value, evaluate(node.operand));
  line_ = line;
  if (node.op == UnaryOperator::kNot) return Value(!is_true(value));
  if (node.op == UnaryOperator::kMinus) return negate(value);
  Number number;
  if (value.is_undefined()) return use_of_undefined(value);
  if (!to_number(value, number))
    return invalid("bad operand type for unary +: '{}'", type_name(value));
  return number.is_integer ? Value(number.integer) : Value(number.real);
}

Result<Value> Interpreter::evaluate(const BinaryExpr& node) {
  const uint32_t line = line_;
  GERBIL_TRY(Value left, evaluate(node.left));
  if (node.op == BinaryOperator::kAnd || node.op == BinaryOperator::kOr) {
    const bool decided = is_true(left) == (node.op == BinaryOperator::kOr);
    if (decided) return left;
    return evaluate(node.right);
  }
  GERBIL_TRY(const Value right, evaluate(node.right));
  line_ = line;
  return arithmetic(runtime_, node.op, left, right);
}

Result<Value> Interpreter::evaluate(const CompareExpr& node) {
  const uint32_t line = line_;
  GERBIL_TRY(Value left, evaluate(node.first));
  for (const auto& [op, operand] : node.rest) {
    GERBIL_TRY(Value right, evaluate(operand));
    line_ = line;
    GERBIL_TRY(const bool holds, compare(runtime_, op, left, right));
    if (!holds) return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

Result<Value> Interpreter::evaluate(const ConcatExpr& node) {
  std::string text;
  for (ExprRef part : node.parts) {
    GERBIL_TRY(const Value value, evaluate(part));
    GERBIL_CHECK_OK(append_text(runtime_, value, text));
  }
  return runtime_.string(std::move(text));
}

Result<Value> Interpreter::evaluate(const ConditionalExpr& node) {
  const uint32_t line = line_;
  GERBIL_TRY(const Value condition, evaluate(node.test));
  if (is_true(condition)) return evaluate(node.value);
  if (node.otherwise) return evaluate(node.otherwise);
  return undefined_because(fmt::format("the inline if of line {} is false and has no else", line));
}

Result<Value> Interpreter::evaluate(const AttributeExpr& node) {
  const uint32_t line = line_;
  GERBIL_TRY(const Value object, evaluate(node.object));
  line_ = line;
  return get_attribute(runtime_, object, node.name);
}

Result<Value> Interpreter::evaluate(const SubscriptExpr& node) {
  const uint32_t line = line_;
  GERBIL_TRY(const Value object, evaluate(node.object));
  GERBIL_TRY(const Value index, evaluate(node.index));
  line_ = line;
  return get_item(runtime_, object, index);
}

Result<Value> Interpreter::evaluate(const SliceExpr& node) {
  const uint32_t line = line_;
  GERBIL_TRY(const Value object, evaluate(node.object));
  GERBIL_TRY(const Value start, evaluate_or_none(node.start));
  GERBIL_TRY(const Value stop, evaluate_or_none(node.stop));
  GERBIL_TRY(const Value step, evaluate_or_none(node.step));
  line_ = line;
  return get_slice(runtime_, object, start, stop, step);
}

Result<Value> Interpreter::evaluate(const CallExpr& node) {
  const uint32_t line = line_;
  GERBIL_TRY(const Value callee, evaluate(node.callee));
  GERBIL_TRY(const Arguments arguments, evaluate(node.arguments));
  return call(callee, arguments, line);
}

Result<Value> Interpreter::evaluate(const FilterExpr& node) {
  GERBIL_TRY(const Value input, evaluate(node.input));
  return call_builtin(node.call, input, "filter");
}

Result<Value> Interpreter::evaluate(const TestExpr& node) {
  GERBIL_TRY(const Value input, evaluate(node.input));
  return call_builtin(node.call, input, "test");
}

}  // namespace gerbil::text::jinja
