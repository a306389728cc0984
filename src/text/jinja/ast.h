// A template as a tree: what the parser builds and the interpreter walks.
//
// All nodes are owned by the Ast, in deques: addresses are stable and a deep tree is let go without
// recursion. A node's `height` is bounded by Limits::max_nesting. Immutable once parsed: renderings
// on several threads may share an Ast.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "text/jinja/runtime.h"
#include "text/jinja/value.h"

namespace gerbil::text::jinja {

struct Expr;
struct Statement;
using ExprRef = const Expr*;  // nullptr: left out
using Body = std::vector<const Statement*>;

struct CallArguments {
  std::vector<ExprRef> positional;
  std::vector<std::pair<std::string, ExprRef>> named;
  ExprRef star = nullptr;         // *args
  ExprRef double_star = nullptr;  // **kwargs
};

// A filter or test with what it is given beside its input.
struct BuiltinCall {
  std::string name;
  NativeFunction function = nullptr;  // nullptr: not known, an error where it is reached
  CallArguments arguments;
  uint32_t line = 0;
};

enum class UnaryOperator : uint8_t { kNot, kMinus, kPlus };
enum class BinaryOperator : uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kFloorDivide,
  kModulo,
  kPower,
  kAnd,
  kOr,
};
enum class Comparison : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe, kIn, kNotIn };

struct ConstantExpr {
  Value value;
};
struct NameExpr {
  Symbol symbol = 0;
};
struct ListExpr {
  std::vector<ExprRef> items;
  bool is_tuple = false;
};
struct DictExpr {
  std::vector<std::pair<ExprRef, ExprRef>> entries;
};
struct UnaryExpr {
  UnaryOperator op = UnaryOperator::kNot;
  ExprRef operand = nullptr;
};
struct BinaryExpr {
  BinaryOperator op = BinaryOperator::kAdd;
  ExprRef left = nullptr;
  ExprRef right = nullptr;
};
struct CompareExpr {  // a < b <= c
  ExprRef first = nullptr;
  std::vector<std::pair<Comparison, ExprRef>> rest;
};
struct ConcatExpr {  // a ~ b ~ c
  std::vector<ExprRef> parts;
};
struct ConditionalExpr {
  ExprRef test = nullptr;
  ExprRef value = nullptr;
  ExprRef otherwise = nullptr;
};
struct AttributeExpr {  // a.b
  ExprRef object = nullptr;
  std::string name;
};
struct SubscriptExpr {  // a[b]
  ExprRef object = nullptr;
  ExprRef index = nullptr;
};
struct SliceExpr {  // a[b:c:d]
  ExprRef object = nullptr;
  ExprRef start = nullptr;
  ExprRef stop = nullptr;
  ExprRef step = nullptr;
};
struct CallExpr {
  ExprRef callee = nullptr;
  CallArguments arguments;
};
struct FilterExpr {
  ExprRef input = nullptr;
  BuiltinCall call;
};
struct TestExpr {
  ExprRef input = nullptr;
  BuiltinCall call;
};

using ExprNode = std::variant<ConstantExpr, NameExpr, ListExpr, DictExpr, UnaryExpr, BinaryExpr,
                              CompareExpr, ConcatExpr, ConditionalExpr, AttributeExpr,
                              SubscriptExpr, SliceExpr, CallExpr, FilterExpr, TestExpr>;

struct Expr {
  uint32_t line = 0;
  uint32_t height = 1;
  ExprNode node;
};

uint32_t height_below(const ExprNode& node);  // of its tallest operand, 0 without

// What a value is assigned to: a name, an attribute of a namespace, or a tuple of such.
struct Target {
  Symbol symbol = 0;
  std::optional<std::string> attribute;  // symbol.attribute
  std::vector<Target> items;             // a tuple, if not empty
};

struct TextStatement {
  std::string text;
};
struct OutputStatement {
  ExprRef value = nullptr;
};
struct IfStatement {
  std::vector<std::pair<ExprRef, Body>> branches;
  Body otherwise;
};
struct ForStatement {
  Target target;
  ExprRef iterable = nullptr;
  ExprRef filter = nullptr;
  bool recursive = false;
  Body body;
  Body otherwise;
};
struct SetStatement {
  Target target;
  ExprRef value = nullptr;
};
struct SetBlockStatement {
  Target target;
  std::vector<BuiltinCall> filters;
  Body body;
};
struct MacroStatement {
  std::string name;
  Symbol symbol = 0;
  std::vector<std::pair<Symbol, ExprRef>> parameters;  // with their defaults, or nullptr
  std::vector<std::string> parameter_names;
  bool takes_varargs = false;  // the body mentions `varargs`, `kwargs`, `caller`
  bool takes_kwargs = false;
  bool takes_caller = false;
  Body body;
};
struct CallBlockStatement {
  const MacroStatement* caller = nullptr;
  ExprRef call = nullptr;
};
struct FilterBlockStatement {
  std::vector<BuiltinCall> filters;
  Body body;
};
struct WithStatement {
  std::vector<std::pair<Target, ExprRef>> assignments;
  Body body;
};
struct GenerationStatement {  // marks what the assistant wrote; prints its body
  Body body;
};
struct EvaluateStatement {  // {% do %}
  ExprRef value = nullptr;
};
struct BreakStatement {};
struct ContinueStatement {};

struct Statement {
  uint32_t line = 0;
  std::variant<TextStatement, OutputStatement, IfStatement, ForStatement, SetStatement,
               SetBlockStatement, MacroStatement, CallBlockStatement, FilterBlockStatement,
               WithStatement, GenerationStatement, EvaluateStatement, BreakStatement,
               ContinueStatement>
      node;
};

struct Ast {
  std::deque<Expr> exprs;
  std::deque<Statement> statements;
  std::deque<MacroStatement> callers;
  std::vector<std::string> symbols;
  Body body;
};

struct Macro {
  const MacroStatement* statement = nullptr;
  Scope* scope = nullptr;  // where it was defined
};

}  // namespace gerbil::text::jinja
