#include "text/jinja/parser.h"

#include <algorithm>

#include "base/quote.h"
#include "text/jinja/expression_parser.h"

namespace gerbil::text::jinja {
namespace {

using Names = std::span<const std::string_view>;

class Parser {
 public:
  Parser(std::vector<Token> tokens, const Limits& limits)
      : limits_(limits), expr_(std::move(tokens), limits_) {}

  Result<Ast> run() {
    GERBIL_TRY(Body body, this->body({}, "template", 1));
    expr_.ast().body = std::move(body);
    return expr_.take_ast();
  }

 private:
  using Level = ExpressionParser::Level;

  // Statements up to a tag named in `stops`, which is left to be read (its {% is consumed), or to
  // the end of the template where there are none.
  Result<Body> body(Names stops, std::string_view block, uint32_t opened_at) {
    const Level level(expr_);
    GERBIL_CHECK_OK(expr_.check_depth());
    Body out;
    while (true) {
      const Token token = expr_.next();
      switch (token.kind) {
        case TokenKind::kText:
          add(out, token.line, TextStatement{token.text});
          break;
        case TokenKind::kOutputBegin: {
          GERBIL_TRY(const ExprRef value, expr_.tuple(Conditionals::kAllowed));
          if (expr_.token().kind != TokenKind::kOutputEnd) return expr_.expected("'}}'");
          expr_.next();
          add(out, token.line, OutputStatement{value});
          break;
        }
        case TokenKind::kBlockBegin:
          if (std::any_of(stops.begin(), stops.end(),
                          [&](std::string_view stop) { return expr_.is_name(stop); }))
            return out;
          GERBIL_CHECK_OK(statement(out, block, opened_at));
          break;
        default:  // kEnd: the lexer balances the tags
          if (stops.empty()) return out;
          return expr_.error_at(opened_at, "the {} block is not closed with {}", block,
                                stops.back());
      }
    }
  }

  template <class Node>
  void add(Body& out, uint32_t line, Node node) {
    out.push_back(&expr_.ast().statements.emplace_back(Statement{line, std::move(node)}));
  }

  // %} of the tag being read.
  Status end_tag() {
    if (expr_.token().kind != TokenKind::kBlockEnd) return expr_.expected("'%}'");
    expr_.next();
    return {};
  }
  Status end_tag_after(std::string_view name) {
    if (!expr_.skip_name(name)) return expr_.expected(name);
    return end_tag();
  }

  Status statement(Body& out, std::string_view block, uint32_t opened_at) {
    struct Row {
      std::string_view name;
      Status (Parser::*parse)(Body&, uint32_t);
    };
    static constexpr Row kRows[] = {
        {"if", &Parser::if_block},      {"for", &Parser::for_block},
        {"set", &Parser::set},          {"macro", &Parser::macro},
        {"call", &Parser::call_block},  {"filter", &Parser::filter_block},
        {"with", &Parser::with_block},  {"generation", &Parser::generation_block},
        {"do", &Parser::evaluate},      {"print", &Parser::print},
        {"break", &Parser::break_loop}, {"continue", &Parser::continue_loop},
    };
    const uint32_t line = expr_.token().line;
    GERBIL_TRY(const std::string name, expr_.expect_name("a tag's name"));
    for (const Row& row : kRows)
      if (row.name == name) return (this->*row.parse)(out, line);
    for (std::string_view other : {"include", "import", "from", "extends", "block", "autoescape"})
      if (other == name) return unsupported("{}: the tag '{}' is not supported", line, name);
    if (name.starts_with("end") || name == "else" || name == "elif") {
      if (block == "template") return expr_.error_at(line, "'{}' closes nothing", name);
      return expr_.error_at(line, "'{}' inside of the {} block of line {}", name, block, opened_at);
    }
    return expr_.error_at(line, "no tag is named {}", in_quotes(name));
  }

  Status if_block(Body& out, uint32_t line) {
    static constexpr std::string_view kStops[] = {"elif", "else", "endif"};
    IfStatement node;
    ++expr_.conditional_depth;
    do {
      GERBIL_TRY(const ExprRef condition, expr_.tuple(Conditionals::kRefused));
      GERBIL_CHECK_OK(end_tag());
      GERBIL_TRY(Body branch, body(kStops, "if", line));
      node.branches.emplace_back(condition, std::move(branch));
    } while (expr_.skip_name("elif"));
    if (expr_.skip_name("else")) {
      GERBIL_CHECK_OK(end_tag());
      GERBIL_TRY(node.otherwise, body(Names(kStops).subspan(2), "if", line));
    }
    --expr_.conditional_depth;
    add(out, line, std::move(node));
    return end_tag_after("endif");
  }

  Status for_block(Body& out, uint32_t line) {
    static constexpr std::string_view kHeadStops[] = {"recursive"};
    static constexpr std::string_view kStops[] = {"else", "endfor"};
    ForStatement node;
    GERBIL_TRY(node.target, target(false));
    if (!expr_.skip_name("in")) return expr_.expected("'in'");
    GERBIL_TRY(node.iterable, expr_.tuple(Conditionals::kRefused, kHeadStops));
    if (expr_.skip_name("if")) {
      GERBIL_TRY(node.filter, expr_.expression());
    }
    node.recursive = expr_.skip_name("recursive");
    GERBIL_CHECK_OK(end_tag());
    ++loops_;
    GERBIL_TRY(node.body, body(kStops, "for", line));
    --loops_;
    if (expr_.skip_name("else")) {
      GERBIL_CHECK_OK(end_tag());
      GERBIL_TRY(node.otherwise, body(Names(kStops).subspan(1), "for", line));
    }
    add(out, line, std::move(node));
    return end_tag_after("endfor");
  }

  // A name, a tuple of names, or (where allowed) an attribute of a namespace.
  Result<Target> target(bool with_attribute) {
    GERBIL_TRY(Target first, target_item(with_attribute));
    if (!expr_.is_operator(",") || first.attribute) return first;
    Target out;
    out.items.push_back(std::move(first));
    while (expr_.skip_operator(",")) {
      if (expr_.is_name("in") || expr_.is_operator("=") || expr_.is_operator(")")) break;
      GERBIL_TRY(Target item, target_item(false));
      out.items.push_back(std::move(item));
    }
    return out;
  }

  Result<Target> target_item(bool with_attribute) {
    const Level level(expr_);
    GERBIL_CHECK_OK(expr_.check_depth());
    if (expr_.skip_operator("(")) {
      GERBIL_TRY(Target inner, target(false));
      GERBIL_CHECK_OK(expr_.expect_operator(")"));
      return inner;
    }
    for (std::string_view constant : {"true", "false", "none", "True", "False", "None"})
      if (expr_.is_name(constant)) return expr_.expected("a variable's name");
    GERBIL_TRY(const std::string name, expr_.expect_name("a variable's name"));
    Target out;
    out.symbol = expr_.intern(name);
    if (with_attribute && expr_.skip_operator(".")) {
      GERBIL_TRY(out.attribute, expr_.expect_name("an attribute's name"));
    }
    return out;
  }

  Status set(Body& out, uint32_t line) {
    static constexpr std::string_view kStops[] = {"endset"};
    GERBIL_TRY(Target where, target(true));
    if (expr_.skip_operator("=")) {
      GERBIL_TRY(const ExprRef value, expr_.tuple(Conditionals::kAllowed));
      add(out, line, SetStatement{std::move(where), value});
      return end_tag();
    }
    SetBlockStatement node;
    node.target = std::move(where);
    if (expr_.skip_operator("|")) {
      GERBIL_TRY(node.filters, expr_.filter_chain());
    }
    GERBIL_CHECK_OK(end_tag());
    GERBIL_TRY(node.body, body(kStops, "set", line));
    add(out, line, std::move(node));
    return end_tag_after("endset");
  }

  // (a, b=1) of a macro or call block, then its body up to `end`.
  Status signature(MacroStatement& node) {
    GERBIL_CHECK_OK(expr_.expect_operator("("));
    while (!expr_.is_operator(")")) {
      GERBIL_TRY(std::string name, expr_.expect_name("a parameter's name"));
      const auto& names = node.parameter_names;
      if (std::find(names.begin(), names.end(), name) != names.end())
        return expr_.error_at(expr_.token().line, "the parameter {} appears twice",
                              in_quotes(name));
      ExprRef fallback = nullptr;
      if (expr_.skip_operator("=")) {
        GERBIL_TRY(fallback, expr_.expression());
      } else if (!node.parameters.empty() && node.parameters.back().second) {
        return expr_.error_at(expr_.token().line, "a parameter without a default follows one with");
      }
      node.parameters.emplace_back(expr_.intern(name), fallback);
      node.parameter_names.push_back(std::move(name));
      if (!expr_.skip_operator(",")) break;
    }
    return expr_.expect_operator(")");
  }

  Status macro_body(MacroStatement& node, std::string_view block, std::string_view end,
                    uint32_t line) {
    const std::string_view stops[] = {end};
    GERBIL_CHECK_OK(end_tag());
    expr_.macros.emplace_back();
    const int loops = std::exchange(loops_, 0);
    GERBIL_TRY(node.body, body(stops, block, line));
    loops_ = loops;
    node.takes_varargs = expr_.macros.back().varargs;
    node.takes_kwargs = expr_.macros.back().kwargs;
    node.takes_caller = expr_.macros.back().caller;
    expr_.macros.pop_back();
    if (!expr_.skip_name(end)) return expr_.expected(end);
    if (block == "macro") expr_.skip_name(node.name);  // {% endmacro name %}
    return end_tag();
  }

  Status macro(Body& out, uint32_t line) {
    MacroStatement node;
    GERBIL_TRY(node.name, expr_.expect_name("a macro's name"));
    node.symbol = expr_.intern(node.name);
    GERBIL_CHECK_OK(signature(node));
    GERBIL_CHECK_OK(macro_body(node, "macro", "endmacro", line));
    add(out, line, std::move(node));
    return {};
  }

  Status call_block(Body& out, uint32_t line) {
    MacroStatement caller;
    caller.name = "caller";
    if (expr_.is_operator("(")) GERBIL_CHECK_OK(signature(caller));
    GERBIL_TRY(const ExprRef call, expr_.expression());
    if (!std::holds_alternative<CallExpr>(call->node))
      return expr_.error_at(line, "a call block wants a call");
    GERBIL_CHECK_OK(macro_body(caller, "call", "endcall", line));
    const MacroStatement* kept = &expr_.ast().callers.emplace_back(std::move(caller));
    add(out, line, CallBlockStatement{kept, call});
    return {};
  }

  Status filter_block(Body& out, uint32_t line) {
    static constexpr std::string_view kStops[] = {"endfilter"};
    FilterBlockStatement node;
    GERBIL_TRY(node.filters, expr_.filter_chain());
    GERBIL_CHECK_OK(end_tag());
    GERBIL_TRY(node.body, body(kStops, "filter", line));
    add(out, line, std::move(node));
    return end_tag_after("endfilter");
  }

  Status with_block(Body& out, uint32_t line) {
    static constexpr std::string_view kStops[] = {"endwith"};
    WithStatement node;
    while (expr_.token().kind != TokenKind::kBlockEnd) {
      GERBIL_TRY(Target where, target_item(false));
      GERBIL_CHECK_OK(expr_.expect_operator("="));
      GERBIL_TRY(const ExprRef value, expr_.expression());
      node.assignments.emplace_back(std::move(where), value);
      if (!expr_.skip_operator(",")) break;
    }
    GERBIL_CHECK_OK(end_tag());
    GERBIL_TRY(node.body, body(kStops, "with", line));
    add(out, line, std::move(node));
    return end_tag_after("endwith");
  }

  Status generation_block(Body& out, uint32_t line) {
    static constexpr std::string_view kStops[] = {"endgeneration"};
    GenerationStatement node;
    GERBIL_CHECK_OK(end_tag());
    GERBIL_TRY(node.body, body(kStops, "generation", line));
    add(out, line, std::move(node));
    return end_tag_after("endgeneration");
  }

  Status evaluate(Body& out, uint32_t line) {
    GERBIL_TRY(const ExprRef value, expr_.tuple(Conditionals::kAllowed));
    add(out, line, EvaluateStatement{value});
    return end_tag();
  }

  Status print(Body& out, uint32_t line) {
    GERBIL_TRY(const ExprRef value, expr_.tuple(Conditionals::kAllowed));
    add(out, line, OutputStatement{value});
    return end_tag();
  }

  Status break_loop(Body& out, uint32_t line) {
    if (loops_ == 0) return expr_.error_at(line, "'break' outside of a for block");
    add(out, line, BreakStatement{});
    return end_tag();
  }

  Status continue_loop(Body& out, uint32_t line) {
    if (loops_ == 0) return expr_.error_at(line, "'continue' outside of a for block");
    add(out, line, ContinueStatement{});
    return end_tag();
  }

  Limits limits_;
  ExpressionParser expr_;
  int loops_ = 0;
};

}  // namespace

Result<Ast> parse(std::string_view source, const Limits& limits) {
  GERBIL_TRY(std::vector<Token> tokens, tokenize(source));
  return Parser(std::move(tokens), limits).run();
}

}  // namespace gerbil::text::jinja
