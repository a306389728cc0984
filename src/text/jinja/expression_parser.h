// The expression half of the parser; parser.cc has the statements. Internal to the parser.
//
// Operators bind, weakest first: if/else, or, and, not, comparisons and in, + -, ~, * / // %, **,
// unary - and +, then what follows a value: .a [b] (c), |filter, is test.
#pragma once

#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "text/jinja/ast.h"
#include "text/jinja/lexer.h"

namespace gerbil::text::jinja {

// Whether `a if b else c` may stand here: not in the head of a for, whose `if` is its own.
enum class Conditionals : bool { kRefused, kAllowed };

class ExpressionParser {
 public:
  ExpressionParser(std::vector<Token> tokens, const Limits& limits)
      : tokens_(std::move(tokens)), limits_(limits) {}

  // a  or  a, b (a tuple), up to the end of the tag or a name in `stops`.
  Result<ExprRef> tuple(Conditionals conditionals, std::span<const std::string_view> stops = {});
  Result<ExprRef> expression(Conditionals conditionals = Conditionals::kAllowed);
  Result<ExprRef> unary(bool with_filters);
  // |a|b(c): at least one where `required`.
  Result<std::vector<BuiltinCall>> filter_chain();
  Result<BuiltinCall> filter_call();
  Result<CallArguments> call_arguments();

  const Token& token(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  Token next() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool is_operator(std::string_view text, size_t ahead = 0) const;
  bool is_name(std::string_view text, size_t ahead = 0) const;
  bool skip_operator(std::string_view text);
  bool skip_name(std::string_view text);
  Status expect_operator(std::string_view text);
  Result<std::string> expect_name(std::string_view what);

  Symbol intern(std::string_view name);
  Result<ExprRef> make(uint32_t line, ExprNode node);
  Ast& ast() { return ast_; }
  Ast take_ast() { return std::move(ast_); }

  template <class... Args>
  std::unexpected<Error> error_at(uint32_t line, fmt::format_string<Args...> format,
                                  Args&&... args) const {
    return corrupt("{}: {}", line, fmt::format(format, std::forward<Args>(args)...));
  }
  // "expected WHAT, found TOKEN"
  std::unexpected<Error> expected(std::string_view what) const;

  // Counts a level of recursion for as long as it lives.
  class Level {
   public:
    explicit Level(ExpressionParser& parser) : parser_(parser) { ++parser_.depth_; }
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    ExpressionParser& parser_;
  };
  Status check_depth() const;

  // What is known about the place being parsed.
  struct MacroUse {
    bool varargs = false;
    bool kwargs = false;
    bool caller = false;
  };
  std::vector<MacroUse> macros;  // one per macro or call block being parsed
  int conditional_depth = 0;     // > 0: an `if` may keep this from being reached

 private:
  Result<ExprRef> binary(int precedence);
  Result<ExprRef> comparison();
  Result<ExprRef> negation();
  Result<ExprRef> concatenation();
  Result<ExprRef> primary();
  Result<ExprRef> bracketed_list();
  Result<ExprRef> braced_dict();
  Result<ExprRef> parenthesized();
  Result<ExprRef> name_or_constant();
  Result<ExprRef> postfix(ExprRef value);
  Result<ExprRef> filters_and_tests(ExprRef value);
  Result<ExprRef> subscript(ExprRef object);
  Result<ExprRef> attribute(ExprRef object);
  Result<ExprRef> test(ExprRef input);

  std::vector<Token> tokens_;
  size_t at_ = 0;
  const Limits& limits_;
  Ast ast_;
  std::unordered_map<std::string, Symbol> symbols_;
  uint32_t depth_ = 0;
};

}  // namespace gerbil::text::jinja
