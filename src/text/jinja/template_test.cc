#include "text/jinja/template.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/json.h"
#include "text/jinja/json.h"

namespace gerbil::text::jinja {
namespace {

Result<std::string> render(std::string_view source, std::string_view variables_json = "{}",
                           const Limits& limits = {}, std::optional<CivilTime> now = {}) {
  GERBIL_TRY(const Template compiled, Template::compile(source, "t.jinja", limits));
  return compiled.render(
      [&](Runtime& runtime, Variables& variables) -> Status {
        GERBIL_TRY(const json::Value parsed, json::parse(variables_json, "variables"));
        for (const json::Member& member : parsed.object()->members()) {
          GERBIL_TRY(Value value, from_json(runtime, member.value));
          variables.emplace_back(member.key, std::move(value));
        }
        return {};
      },
      now);
}

std::string text_of(std::string_view source, std::string_view variables_json = "{}") {
  const auto text = render(source, variables_json);
  return text ? *text : "error: " + text.error().message;
}

Error error_of(std::string_view source, const Limits& limits = {}) {
  const auto text = render(source, "{}", limits);
  return text ? Error{ErrorCode::kInternal, "no error: " + text->substr(0, 200)} : text.error();
}

std::string repeated(std::string_view part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

// What Jinja2 itself gives, for every construct: see tools/make_jinja_cases.py.
TEST(Template, AgreesWithJinja2) {
  std::ifstream file(GERBIL_SOURCE_DIR "/tests/data/text/jinja_cases.jsonl");
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  const auto header = json::parse(line, "header");
  ASSERT_TRUE(header);
  const json::Object& variables = *header->object()->find("variables")->object();
  const CivilTime now{2026, 3, 7, 9, 5, 2};
  int cases = 0;
  while (std::getline(file, line)) {
    const auto parsed = json::parse(line, "case");
    ASSERT_TRUE(parsed) << parsed.error().message;
    const std::string& source = *parsed->object()->find("template")->string();
    SCOPED_TRACE(source);
    ++cases;
    const auto run = [&]() -> Result<std::string> {
      GERBIL_TRY(const Template compiled, Template::compile(source, "t.jinja"));
      return compiled.render(
          [&](Runtime& runtime, Variables& out) -> Status {
            for (const json::Member& member : variables.members()) {
              GERBIL_TRY(Value value, from_json(runtime, member.value));
              out.emplace_back(member.key, std::move(value));
            }
            return {};
          },
          now);
    };
    const Result<std::string> text = run();
    if (const json::Value* expected = parsed->object()->find("text")) {
      EXPECT_EQ(text ? *text : "error: " + text.error().message, *expected->string());
    } else {
      EXPECT_FALSE(text) << *text;
      EXPECT_TRUE(text || text.error().message.starts_with("t.jinja:"));
    }
  }
  EXPECT_GT(cases, 190);
}

TEST(Template, NamesFileLineAndReasonOfBrokenSource) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"a\n{% if x %}\nb", "t.jinja:2: the if block is not closed with endif"},
      {"a\n{% for x in y %}{% endif %}", "t.jinja:2: 'endif' inside of the for block of line 2"},
      {"{{ x", "t.jinja:1: a tag is not closed with }}"},
      {"\n{% if x", "t.jinja:2: a tag is not closed with %}"},
      {"\n{# x", "t.jinja:2: a comment is not closed with #}"},
      {"{% raw %}x", "t.jinja:1: a raw block is not closed with endraw"},
      {"{{ 'abc }}", "t.jinja:1: a string is not closed with '"},
      {"{{ x|nosuch }}", "t.jinja:1: no filter is named \"nosuch\""},
      {"{{ x is nosuch }}", "t.jinja:1: no test is named \"nosuch\""},
      {"{% frobnicate %}", "t.jinja:1: no tag is named \"frobnicate\""},
      {"{% endfor %}", "t.jinja:1: 'endfor' closes nothing"},
      {"{{ (1 }}", "t.jinja:1: unexpected '}', expected ')'"},
      {"{{ 1 + }}", "t.jinja:1: expected an expression, found }}"},
      {"{{ a b }}", "t.jinja:1: expected '}}', found 'b'"},
      {"{{ ! }}", "t.jinja:1: unexpected character \"!\""},
      {"{{ 99999999999999999999 }}",
       "t.jinja:1: the number \"99999999999999999999\" does not fit 64 bits"},
      {"{{ '\\ud800' }}", "t.jinja:1: a string escapes U+D800, which is no character"},
      {"{% break %}", "t.jinja:1: 'break' outside of a for block"},
      {"{% macro m(a, a) %}{% endmacro %}", "t.jinja:1: the parameter \"a\" appears twice"},
  };
  for (const auto& [source, message] : rows) {
    const Error error = error_of(source);
    EXPECT_EQ(error.message, message) << source;
    EXPECT_EQ(error.code, ErrorCode::kCorrupt) << source;
  }
  EXPECT_EQ(error_of("\n{% include 'x' %}").message,
            "t.jinja:2: the tag 'include' is not supported");
  EXPECT_EQ(error_of("{% include 'x' %}").code, ErrorCode::kUnsupported);
  EXPECT_FALSE(Template::compile("a\xff", "t.jinja"));
  EXPECT_FALSE(Template::compile("{{ '\xc3' }}", "t.jinja"));
}

TEST(Template, NamesTheLineOfWhatGoesWrongInARendering) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"\n{{ missing.x }}", "t.jinja:2: 'missing' is undefined"},
      {"{{ {}.a.b }}", "t.jinja:1: 'dict object' has no attribute 'a'"},
      {"{{ none + 1 }}", "t.jinja:1: unsupported operand types for +: 'NoneType' and 'int'"},
      {"{{ 1\n+\n'a' }}", "t.jinja:1: unsupported operand types for +: 'int' and 'str'"},
      {"{{ 9223372036854775807 + 1 }}", "t.jinja:1: an integer does not fit 64 bits"},
      {"{{ 10 ** 100 }}", "t.jinja:1: an integer does not fit 64 bits"},
      {"{{ 'x'.split('') }}", "t.jinja:1: empty separator"},
      {"{{ [1].append(2) }}", "t.jinja:1: 'append' would change a list, which a template may not"},
      {"{{ 'x'|indent(wdth=2) }}", "t.jinja:1: 'indent' has no argument named \"wdth\""},
      {"{{ 'x'|replace('a') }}", "t.jinja:1: 'replace' misses its argument 'new'"},
      {"{% macro m() %}\n{{ x() }}{% endmacro %}\n\n{{ m() }}", "t.jinja:2: 'x' is undefined"},
      {"{{ strftime_now('%Y') }}", "t.jinja:1: 'strftime_now' is undefined"},
  };
  for (const auto& [source, message] : rows) {
    const Error error = error_of(source);
    EXPECT_EQ(error.message, message) << source;
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument) << source;
  }
}

// Half of a character made a message that was no UTF-8.
TEST(Template, MessagesShowWholeCharacters) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"{{ '%é' % 1 }}", "unsupported format character \"é\""},
      {"{{ '%-5.3ˊ|' % 1 }}", "unsupported format character \"ˊ\""},
      {"{{ '{:é}'.format(1) }}", "invalid format specifier \"é\""},
      {"{{ '{!é}'.format(1) }}", "unknown conversion \"é\" in a format string"},
      {"{{ '{!z}'.format(1) }}", "unknown conversion \"z\" in a format string"},
  };
  for (const auto& [source, message] : rows)
    EXPECT_EQ(error_of(source).message, fmt::format("t.jinja:1: {}", message)) << source;
}

TEST(Template, NothingOfTheHostIsWithinReach) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"{{ ''.__class__.__mro__ }}", "'str object' has no attribute '__class__'"},
      {"{{ [].__class__.__base__ }}", "'list object' has no attribute '__class__'"},
      {"{{ cycler.__init__.__globals__ }}", "'function object' has no attribute '__init__'"},
      {"{{ cycler('a').__init__.__globals__ }}", "'Cycler object' has no attribute '__init__'"},
      {"{{ joiner().sep.x }}", "'Joiner object' has no attribute 'sep'"},
      {"{{ namespace.__init__.__globals__ }}", "'function object' has no attribute '__init__'"},
      {"{{ namespace().__dict__.x }}", "'Namespace object' has no attribute '__dict__'"},
      {"{{ lipsum.__globals__ }}", "'lipsum' is undefined"},
      {"{{ self.__init__ }}", "'self' is undefined"},
      {"{{ '{0.__class__.x}'.format('') }}", "'str object' has no attribute '__class__'"},
      {"{{ ''|attr('__class__')|attr('x') }}", "'str object' has no attribute '__class__'"},
      {"{{ [1]|map(attribute='__class__.x')|list }}", "'int object' has no attribute '__class__'"},
      {"{% set j = joiner() %}{% set j.sep = 1 %}",
       "only a namespace's attributes can be set, 'j' is none"},
      {"{{ [1]|random }}",
       "the filter 'random' is not supported: a prompt must not depend on chance"},
  };
  for (const auto& [source, message] : rows)
    EXPECT_EQ(error_of(source).message, fmt::format("t.jinja:1: {}", message)) << source;
}

TEST(Template, RaiseExceptionGivesItsMessageOnOneLine) {
  const Error error =
      error_of("{% if true %}\n{{ raise_exception('Roles must\nalternate!') }}{% endif %}");
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.message, "t.jinja:2: Roles must alternate!");
  EXPECT_LT(error_of("{{ raise_exception('é' * 100000) }}").message.size(), 1100u);
}

TEST(Template, BoundsRecursionOfMacros) {
  const std::string_view message = "macros and blocks are nested deeper than 600 levels";
  for (std::string_view source : {
           "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
           "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
           "{% macro f() %}{% filter upper %}{{ [f()] }}{% endfilter %}{% endmacro %}{{ f() }}",
           "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
           "{% macro f() %}{% call f() %}x{% endcall %}{{ caller }}{% endmacro %}{{ f() }}",
       }) {
    const Error error = error_of(source);
    EXPECT_EQ(error.message, fmt::format("t.jinja:1: {}", message)) << source;
    EXPECT_EQ(error.code, ErrorCode::kOutOfMemory);
  }
}

TEST(Template, BoundsNestingOfTheSource) {
  for (const std::string& source : {
           "{{ " + repeated("(", 5000) + "1" + repeated(")", 5000) + " }}",
           "{{ " + repeated("[", 5000) + "1" + repeated("]", 5000) + " }}",
           "{{ " + repeated("f(", 5000) + repeated(")", 5000) + " }}",
           "{{ " + repeated("not ", 5000) + "1 }}",
           "{{ " + repeated("- ", 5000) + "1 }}",
           "{{ 1" + repeated(" + 1", 5000) + " }}",
           "{{ x" + repeated(".a", 5000) + " }}",
           "{{ x" + repeated("|e", 5000) + " }}",
           "{{ 1" + repeated(" if 1 else 1", 5000) + " }}",
           repeated("{% if 1 %}", 5000) + repeated("{% endif %}", 5000),
           "{% set " + repeated("(", 5000) + "a" + repeated(")", 5000) + " = 1 %}",
       }) {
    const Error error = error_of(source);
    EXPECT_EQ(error.code, ErrorCode::kCorrupt);
    EXPECT_TRUE(error.message.ends_with("nested deeper than 200")) << error.message;
  }
  // What is long without being deep is fine.
  EXPECT_EQ(text_of("{{ 1" + repeated(" ~ 1", 999) + " }}"), repeated("1", 1000));
  EXPECT_EQ(text_of("{% if 0 %}" + repeated("{% elif 0 %}", 5000) + "{% else %}x{% endif %}"), "x");
}

TEST(Template, BoundsTimeMemoryAndOutput) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"{% for i in range(1000000000) %}{% endfor %}",
       "range too big: templates may have at most 100000 items"},
      {"{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
       "the template takes more than 20000000 steps"},
      {"{{ 'ab' * 1000000000 }}",
       "a string of 2000000000 bytes is longer than the limit of 67108864"},
      {"{{ 'a' * 9223372036854775807 }}",
       "a string of 9223372036854775807 bytes is longer than the limit of 67108864"},
      {"{{ 'a'.center(100000000000) }}",
       "a string of 1073741825 bytes is longer than the limit of 67108864"},
      {"{{ ('a' * 1000000).replace('a', 'b' * 1000) }}",
       "a string of 1001000000 bytes is longer than the limit of 67108864"},
      {"{{ ('a' * 1000000).replace('', 'b' * 1000) }}",
       "a string of 1001001000 bytes is longer than the limit of 67108864"},
      {"{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% "
       "endfor %}",
       "a string of 134217728 bytes is longer than the limit of 67108864"},
      {"{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% "
       "endfor %}",
       "a list holds more than 20000000 values"},
      {"{% set ns = namespace(x=1) %}{% for i in range(999) %}{% set ns.x = [ns.x] %}{% endfor %}",
       "lists and dicts are nested deeper than 100"},
      {"{% set ns = namespace(x=[1]) %}{% for i in range(999) %}{% set ns.x = [ns.x.index] %}{% "
       "endfor %}",
       "lists and dicts are nested deeper than 100"},
      {"{% set s = 'a' * 1000000 %}{% for i in range(99999) %}{{ s }}{% endfor %}",
       "the output is longer than 67108864 bytes"},
      {"{% set ns = namespace(l=[]) %}{% for i in range(999) %}{% set ns.l = ns.l + ['a' * "
       "(1000000 + i)] %}{% endfor %}",
       "the template needs more than 268435456 bytes of memory"},
      {"{{ '%999999999d' % 1 }}", "a format's width is larger than 100000"},
      {"{{ '{:999999999}'.format(1) }}", "a format's width is larger than 100000"},
      {"{{ [1]|tojson(indent=100000000000) }}",
       "a string of 100000000000 bytes is longer than the limit of 67108864"},
  };
  for (const auto& [source, message] : rows)
    EXPECT_EQ(error_of(source).message, fmt::format("t.jinja:1: {}", message)) << source;
}

// Each piece moved what was left of the word: minutes for a long one.
TEST(Template, WrapsAVeryLongWordInTime) {
  EXPECT_EQ(text_of("{{ ('-' * 1000000)|wordwrap(1)|length }}"), "1999999");
}

TEST(Template, ObeysSmallerLimits) {
  const Limits small{.max_source_bytes = 60, .max_steps = 100, .max_output_bytes = 10};
  EXPECT_EQ(error_of(repeated("x", 61), small).message,
            "t.jinja: a template of 61 bytes is longer than the limit of 60");
  EXPECT_EQ(error_of("{% for i in range(99) %}{{ i }}{% endfor %}", small).code,
            ErrorCode::kOutOfMemory);
  EXPECT_EQ(error_of("12345678901", small).message,
            "t.jinja:1: the output is longer than 10 bytes");
}

TEST(Template, NamespacesAndLoopsMayHoldThemselves) {
  EXPECT_EQ(text_of("{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns.me == ns.me }}{{ "
                    "ns.me[0].me[0] == ns }}"),
            "TrueTrue");
  EXPECT_EQ(
      text_of("{% set ns = namespace() %}{% for i in [7, 8] %}{% set ns.l = loop %}"
              "{% set x = loop.changed(loop) %}{% endfor %}{{ ns.l.index0 }}{{ ns.l.previtem }}"),
      "2");
  // A macro that outlives its loop still sees the loop's last variables.
  EXPECT_EQ(
      text_of("{% set ns = namespace() %}{% for i in [7, 8] %}{% macro m() %}{{ i }}{% endmacro %}"
              "{% set ns.m = m %}{% endfor %}{% for j in [1] %}{{ ns.m() }}{% endfor %}"),
      "8");
}

TEST(Template, KeepsMessagesInTheirOrderAndSpelling) {
  EXPECT_EQ(
      text_of("{{ x|tojson }}", R"({"x": {"b": 1.0, "a": [1e3, -0.5, "\u00e9\u0001"], "c": {}}})"),
      R"({"b": 1.0, "a": [1000.0, -0.5, "é\u0001"], "c": {}})");
}

TEST(Template, TellsTheTimeItIsGiven) {
  const auto at = [](CivilTime now, std::string_view format) {
    return render(fmt::format("{{{{ strftime_now('{}') }}}}", format), "{}", {}, now);
  };
  EXPECT_EQ(at({2024, 2, 29, 0, 30, 5}, "%a %A %b %B %j %I%p %e %-m/%-d/%y %H:%M:%S"),
            "Thu Thursday Feb February 060 12AM 29 2/29/24 00:30:05");
  EXPECT_EQ(at({2025, 1, 5, 13}, "%F %T %-I %u %w %C %k|%l|%D|%c"),
            "2025-01-05 13:00:00 1 7 0 20 13| 1|01/05/25|Sun Jan  5 13:00:00 2025");
  EXPECT_FALSE(at({2025, 2, 29}, "%Y"));
  EXPECT_EQ(at({2027, 1, 1}, "%G-W%V-%u %g %U %W"), "2026-W53-5 26 00 00");
  EXPECT_EQ(at({2024, 12, 30}, "%G-W%V-%u %g %U %W"), "2025-W01-1 25 52 53");
  EXPECT_EQ(at({2025, 1, 1}, "%Q %é %-é 50%"), "%Q %é %-é 50%");
}

TEST(Template, OneTemplateRendersManyTimes) {
  const auto compiled =
      Template::compile("{% set ns = namespace(n=0) %}{% set ns.n = ns.n + 1 %}{{ ns.n }}", "t");
  ASSERT_TRUE(compiled);
  const auto nothing = [](Runtime&, Variables&) -> Status { return {}; };
  EXPECT_EQ(compiled->render(nothing), "1");
  EXPECT_EQ(compiled->render(nothing), "1");
}

}  // namespace
}  // namespace gerbil::text::jinja
