#include "text/jinja/expression_parser.h"

#include <algorithm>

#include "base/quote.h"
#include "text/jinja/builtins.h"

namespace gerbil::text::jinja {
namespace {

struct BinaryRow {
  std::string_view token;
  BinaryOperator op;
  int precedence;
};
// Or 0, and 1, (not 2, comparisons 3), additive 4, (~ 5), multiplicative 6, power 7.
constexpr BinaryRow kBinaryRows[] = {
    {"+", BinaryOperator::kAdd, 4},          {"-", BinaryOperator::kSubtract, 4},
    {"*", BinaryOperator::kMultiply, 6},     {"/", BinaryOperator::kDivide, 6},
    {"//", BinaryOperator::kFloorDivide, 6}, {"%", BinaryOperator::kModulo, 6},
    {"**", BinaryOperator::kPower, 7},
};
constexpr int kOr = 0;
constexpr int kAnd = 1;
constexpr int kNot = 2;
constexpr int kAdditive = 4;
constexpr int kConcat = 5;
constexpr int kMultiplicative = 6;
constexpr int kPower = 7;

struct ComparisonRow {
  std::string_view token;
  Comparison op;
};
constexpr ComparisonRow kComparisonRows[] = {
    {"==", Comparison::kEq}, {"!=", Comparison::kNe}, {"<", Comparison::kLt},
    {"<=", Comparison::kLe}, {">", Comparison::kGt},  {">=", Comparison::kGe},
};

}  // namespace

bool ExpressionParser::is_operator(std::string_view text, size_t ahead) const {
  return token(ahead).kind == TokenKind::kOperator && token(ahead).text == text;
}
bool ExpressionParser::is_name(std::string_view text, size_t ahead) const {
  return token(ahead).kind == TokenKind::kName && token(ahead).text == text;
}
bool ExpressionParser::skip_operator(std::string_view text) {
  if (!is_operator(text)) return false;
  next();
  return true;
}
bool ExpressionParser::skip_name(std::string_view text) {
  if (!is_name(text)) return false;
  next();
  return true;
}
Status ExpressionParser::expect_operator(std::string_view text) {
  if (skip_operator(text)) return {};
  return expected(fmt::format("'{}'", text));
}
Result<std::string> ExpressionParser::expect_name(std::string_view what) {
  if (token().kind != TokenKind::kName) return expected(what);
  return next().text;
}

std::unexpected<Error> ExpressionParser::expected(std::string_view what) const {
  std::string found;
  switch (token().kind) {
    case TokenKind::kText:
    case TokenKind::kOutputBegin:
    case TokenKind::kBlockBegin:
      found = "text";
      break;
    case TokenKind::kOutputEnd:
      found = "}}";
      break;
    case TokenKind::kBlockEnd:
      found = "%}";
      break;
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      found = "a number";
      break;
    case TokenKind::kString:
      found = fmt::format("the string {}", in_quotes(token().text, 40));
      break;
    case TokenKind::kName:
    case TokenKind::kOperator:
      found = fmt::format("'{}'", token().text.substr(0, 60));
      break;
    case TokenKind::kEnd:
      found = "the end of the template";
      break;
  }
  return error_at(token().line, "expected {}, found {}", what, found);
}

Status ExpressionParser::check_depth() const {
  if (depth_ > limits_.max_nesting)
    return error_at(token().line, "nested deeper than {}", limits_.max_nesting);
  return {};
}

Symbol ExpressionParser::intern(std::string_view name) {
  const auto [it, inserted] =
      symbols_.emplace(std::string(name), static_cast<Symbol>(ast_.symbols.size()));
  if (inserted) ast_.symbols.emplace_back(name);
  return it->second;
}

Result<ExprRef> ExpressionParser::make(uint32_t line, ExprNode node) {
  const uint32_t height = height_below(node) + 1;
  if (height > limits_.max_nesting)
    return error_at(line, "an expression is nested deeper than {}", limits_.max_nesting);
  return &ast_.exprs.emplace_back(Expr{line, height, std::move(node)});
}

Result<ExprRef> ExpressionParser::tuple(Conditionals conditionals,
                                        std::span<const std::string_view> stops) {
  const auto at_end = [&] {
    const TokenKind kind = token().kind;
    if (kind == TokenKind::kBlockEnd || kind == TokenKind::kOutputEnd || kind == TokenKind::kEnd)
      return true;
    return is_operator(")") ||
           std::any_of(stops.begin(), stops.end(), [&](auto stop) { return is_name(stop); });
  };
  const uint32_t line = token().line;
  GERBIL_TRY(const ExprRef first, expression(conditionals));
  if (!is_operator(",")) return first;
  ListExpr list{{first}, true};
  while (skip_operator(",")) {
    if (at_end()) break;
    GERBIL_TRY(const ExprRef item, expression(conditionals));
    list.items.push_back(item);
  }
  return make(line, std::move(list));
}

Result<ExprRef> ExpressionParser::expression(Conditionals conditionals) {
  const Level level(*this);
  GERBIL_CHECK_OK(check_depth());
  const uint32_t line = token().line;
  if (conditionals == Conditionals::kRefused) return binary(kOr);
  // Whether what is read here is conditional shows only at the `if` behind it: unknown filters in
  // front of one are refused all the same, as they are hardly meant.
  GERBIL_TRY(ExprRef value, binary(kOr));
  while (skip_name("if")) {
    ++conditional_depth;
    GERBIL_TRY(const ExprRef condition, binary(kOr));
    ExprRef otherwise = nullptr;
    if (skip_name("else")) {
      GERBIL_TRY(otherwise, expression());
    }
    --conditional_depth;
    GERBIL_TRY(value, make(line, ConditionalExpr{condition, value, otherwise}));
  }
  return value;
}

// Left-associative operators of `precedence` and tighter.
Result<ExprRef> ExpressionParser::binary(int precedence) {
  if (precedence == kNot) return negation();
  if (precedence == kConcat) return concatenation();
  if (precedence > kPower) return unary(true);
  const uint32_t line = token().line;
  GERBIL_TRY(ExprRef left, binary(precedence + 1));
  while (true) {
    std::optional<BinaryOperator> op;
    if (precedence == kOr && is_name("or")) op = BinaryOperator::kOr;
    if (precedence == kAnd && is_name("and")) op = BinaryOperator::kAnd;
    for (const BinaryRow& row : kBinaryRows)
      if (row.precedence == precedence && is_operator(row.token)) op = row.op;
    if (!op) return left;
    next();
    GERBIL_TRY(const ExprRef right, binary(precedence + 1));
    GERBIL_TRY(left, make(line, BinaryExpr{*op, left, right}));
  }
}

Result<ExprRef> ExpressionParser::negation() {
  if (!is_name("not")) return comparison();
  const Level level(*this);
  GERBIL_CHECK_OK(check_depth());
  const uint32_t line = next().line;
  GERBIL_TRY(const ExprRef operand, negation());
  return make(line, UnaryExpr{UnaryOperator::kNot, operand});
}

Result<ExprRef> ExpressionParser::comparison() {
  const uint32_t line = token().line;
  CompareExpr compare;
  GERBIL_TRY(compare.first, binary(kAdditive));
  while (true) {
    std::optional<Comparison> op;
    for (const ComparisonRow& row : kComparisonRows)
      if (is_operator(row.token)) op = row.op;
    if (is_name("in")) op = Comparison::kIn;
    if (is_name("not") && is_name("in", 1)) {
      next();
      op = Comparison::kNotIn;
    }
    if (!op) break;
    next();
    GERBIL_TRY(const ExprRef operand, binary(kAdditive));
    compare.rest.emplace_back(*op, operand);
  }
  if (compare.rest.empty()) return compare.first;
  return make(line, std::move(compare));
}

Result<ExprRef> ExpressionParser::concatenation() {
  const uint32_t line = token().line;
  GERBIL_TRY(const ExprRef first, binary(kMultiplicative));
  if (!is_operator("~")) return first;
  ConcatExpr concat{{first}};
  while (skip_operator("~")) {
    GERBIL_TRY(const ExprRef part, binary(kMultiplicative));
    concat.parts.push_back(part);
  }
  return make(line, std::move(concat));
}

Result<ExprRef> ExpressionParser::unary(bool with_filters) {
  const Level level(*this);
  GERBIL_CHECK_OK(check_depth());
  const uint32_t line = token().line;
  ExprRef value = nullptr;
  if (is_operator("-") || is_operator("+")) {
    const auto op = next().text == "-" ? UnaryOperator::kMinus : UnaryOperator::kPlus;
    GERBIL_TRY(const ExprRef operand, unary(false));
    GERBIL_TRY(value, make(line, UnaryExpr{op, operand}));
  } else {
    GERBIL_TRY(value, primary());
  }
  GERBIL_TRY(value, postfix(value));
  if (!with_filters) return value;
  return filters_and_tests(value);
}

Result<ExprRef> ExpressionParser::primary() {
  const uint32_t line = token().line;
  switch (token().kind) {
    case TokenKind::kName:
      return name_or_constant();
    case TokenKind::kInteger:
      return make(line, ConstantExpr{Value(next().integer)});
    case TokenKind::kFloat:
      return make(line, ConstantExpr{Value(next().real)});
    case TokenKind::kString: {
      std::string text = next().text;
      while (token().kind == TokenKind::kString) text += next().text;  // "a" "b" is "ab"
      return make(line, ConstantExpr{uncounted_string(std::move(text))});
    }
    default:
      break;
  }
  if (is_operator("(")) return parenthesized();
  if (is_operator("[")) return bracketed_list();
  if (is_operator("{")) return braced_dict();
  return expected("an expression");
}

Result<ExprRef> ExpressionParser::name_or_constant() {
  const Token name = next();
  const std::string& text = name.text;
  if (text == "true" || text == "True") return make(name.line, ConstantExpr{Value(true)});
  if (text == "false" || text == "False") return make(name.line, ConstantExpr{Value(false)});
  if (text == "none" || text == "None") return make(name.line, ConstantExpr{Value(None{})});
  if (!macros.empty()) {
    macros.back().varargs |= text == "varargs";
    macros.back().kwargs |= text == "kwargs";
    macros.back().caller |= text == "caller";
  }
  return make(name.line, NameExpr{intern(text)});
}

Result<ExprRef> ExpressionParser::parenthesized() {
  const uint32_t line = next().line;
  if (skip_operator(")")) return make(line, ListExpr{{}, true});
  GERBIL_TRY(const ExprRef value, tuple(Conditionals::kAllowed));
  GERBIL_CHECK_OK(expect_operator(")"));
  return value;
}

Result<ExprRef> ExpressionParser::bracketed_list() {
  const uint32_t line = next().line;
  ListExpr list;
  while (!is_operator("]")) {
    GERBIL_TRY(const ExprRef item, expression());
    list.items.push_back(item);
    if (!skip_operator(",")) break;
  }
  GERBIL_CHECK_OK(expect_operator("]"));
  return make(line, std::move(list));
}

Result<ExprRef> ExpressionParser::braced_dict() {
  const uint32_t line = next().line;
  DictExpr dict;
  while (!is_operator("}")) {
    GERBIL_TRY(const ExprRef key, expression());
    GERBIL_CHECK_OK(expect_operator(":"));
    GERBIL_TRY(const ExprRef value, expression());
    dict.entries.emplace_back(key, value);
    if (!skip_operator(",")) break;
  }
  GERBIL_CHECK_OK(expect_operator("}"));
  return make(line, std::move(dict));
}

Result<ExprRef> ExpressionParser::postfix(ExprRef value) {
  while (true) {
    if (is_operator(".")) {
      GERBIL_TRY(value, attribute(value));
    } else if (is_operator("[")) {
      GERBIL_TRY(value, subscript(value));
    } else if (is_operator("(")) {
      const uint32_t line = token().line;
      GERBIL_TRY(CallArguments arguments, call_arguments());
      GERBIL_TRY(value, make(line, CallExpr{value, std::move(arguments)}));
    } else {
      return value;
    }
  }
}

Result<ExprRef> ExpressionParser::filters_and_tests(ExprRef value) {
  while (true) {
    const uint32_t line = token().line;
    if (is_operator("|")) {
      next();
      GERBIL_TRY(BuiltinCall call, filter_call());
      GERBIL_TRY(value, make(line, FilterExpr{value, std::move(call)}));
    } else if (is_name("is")) {
      GERBIL_TRY(value, test(value));
    } else if (is_operator("(")) {
      GERBIL_TRY(CallArguments arguments, call_arguments());
      GERBIL_TRY(value, make(line, CallExpr{value, std::move(arguments)}));
    } else {
      return value;
    }
  }
}

Result<ExprRef> ExpressionParser::attribute(ExprRef object) {
  const uint32_t line = next().line;
  if (token().kind == TokenKind::kInteger) {
    GERBIL_TRY(const ExprRef index, make(line, ConstantExpr{Value(next().integer)}));
    return make(line, SubscriptExpr{object, index});
  }
  GERBIL_TRY(std::string name, expect_name("a name after '.'"));
  return make(line, AttributeExpr{object, std::move(name)});
}

Result<ExprRef> ExpressionParser::subscript(ExprRef object) {
  const uint32_t line = next().line;
  SliceExpr slice{object};
  ExprRef index = nullptr;
  if (!is_operator(":")) {
    GERBIL_TRY(index, tuple(Conditionals::kAllowed));
    if (skip_operator("]")) return make(line, SubscriptExpr{object, index});
    slice.start = index;
  }
  GERBIL_CHECK_OK(expect_operator(":"));
  if (!is_operator(":") && !is_operator("]")) {
    GERBIL_TRY(slice.stop, expression());
  }
  if (skip_operator(":") && !is_operator("]")) {
    GERBIL_TRY(slice.step, expression());
  }
  GERBIL_CHECK_OK(expect_operator("]"));
  return make(line, slice);
}

Result<CallArguments> ExpressionParser::call_arguments() {
  GERBIL_CHECK_OK(expect_operator("("));
  CallArguments out;
  while (!is_operator(")")) {
    if (skip_operator("**")) {
      if (out.double_star) return error_at(token().line, "a call has two ** arguments");
      GERBIL_TRY(out.double_star, expression());
    } else if (skip_operator("*")) {
      if (out.star || out.double_star) return error_at(token().line, "a call has a misplaced *");
      GERBIL_TRY(out.star, expression());
    } else if (token().kind == TokenKind::kName && is_operator("=", 1)) {
      if (out.double_star) return error_at(token().line, "an argument follows ** in a call");
      std::string name = next().text;
      next();
      GERBIL_TRY(const ExprRef value, expression());
      out.named.emplace_back(std::move(name), value);
    } else {
      if (!out.named.empty() || out.star || out.double_star)
        return error_at(token().line, "a positional argument follows a named one");
      GERBIL_TRY(const ExprRef value, expression());
      out.positional.push_back(value);
    }
    if (!skip_operator(",")) break;
  }
  GERBIL_CHECK_OK(expect_operator(")"));
  return out;
}

// NAME or NAME(arguments), the | already read.
Result<BuiltinCall> ExpressionParser::filter_call() {
  BuiltinCall call;
  call.line = token().line;
  GERBIL_TRY(call.name, expect_name("a filter's name"));
  while (skip_operator(".")) {
    GERBIL_TRY(const std::string part, expect_name("a filter's name"));
    call.name += "." + part;
  }
  call.function = find_filter(call.name);
  if (!call.function && conditional_depth == 0)
    return error_at(call.line, "no filter is named {}", in_quotes(call.name));
  if (is_operator("(")) {
    GERBIL_TRY(call.arguments, call_arguments());
  }
  return call;
}

Result<std::vector<BuiltinCall>> ExpressionParser::filter_chain() {
  std::vector<BuiltinCall> out;
  do {
    if (out.size() >= limits_.max_nesting) return error_at(token().line, "too many filters");
    GERBIL_TRY(BuiltinCall call, filter_call());
    out.push_back(std::move(call));
  } while (skip_operator("|"));
  return out;
}

Result<ExprRef> ExpressionParser::test(ExprRef input) {
  const Level level(*this);
  GERBIL_CHECK_OK(check_depth());
  const uint32_t line = next().line;
  const bool negated = skip_name("not");
  BuiltinCall call;
  call.line = line;
  GERBIL_TRY(call.name, expect_name("a test's name"));
  call.function = find_test(call.name);
  if (!call.function && conditional_depth == 0)
    return error_at(line, "no test is named {}", in_quotes(call.name));
  if (is_operator("(")) {
    GERBIL_TRY(call.arguments, call_arguments());
  } else {
    const TokenKind kind = token().kind;
    const bool takes_argument =
        kind == TokenKind::kString || kind == TokenKind::kInteger || kind == TokenKind::kFloat ||
        is_operator("[") || is_operator("{") ||
        (kind == TokenKind::kName && !is_name("else") && !is_name("or") && !is_name("and") &&
         !is_name("if") && !is_name("in") && !is_name("not"));
    if (is_name("is")) return error_at(line, "tests cannot be chained with 'is'");
    if (takes_argument) {
      GERBIL_TRY(ExprRef argument, primary());
      GERBIL_TRY(argument, postfix(argument));
      call.arguments.positional.push_back(argument);
    }
  }
  GERBIL_TRY(const ExprRef value, make(line, TestExpr{input, std::move(call)}));
  if (!negated) return value;
  return make(line, UnaryExpr{UnaryOperator::kNot, value});
}

}  // namespace gerbil::text::jinja
