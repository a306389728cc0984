// Markdown as a reader of a terminal sees it.
#include "cli/markdown_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "cli/unicode_text.h"

namespace gerbil::cli {
namespace {

std::string write(std::string_view text, int width, bool styles,
                  const std::vector<size_t>& cuts = {}) {
  use_utf8_locale();
  MarkdownWriter writer(styles);
  writer.set_width(width);
  std::string bytes;
  size_t begin = 0;
  for (const size_t cut : cuts) {
    bytes += writer.push(text.substr(begin, cut - begin));
    begin = cut;
  }
  bytes += writer.push(text.substr(begin));
  return bytes + writer.finish();
}

std::string plain(std::string_view text, int width = 80) { return write(text, width, false); }

// Attributes as words: <b> bold, <d> dim, <i> italic, <u> underlined, <s> struck, <c> code, <>
// none.
std::string rich(std::string_view text, int width = 80) {
  std::string bytes = write(text, width, true);
  std::string shown;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != '\x1b') {
      shown += bytes[i];
      continue;
    }
    const size_t end = bytes.find('m', i);
    const std::string codes = bytes.substr(i + 3, end - i - 3);  // behind ESC [ 0
    shown += '<';
    for (const auto& [code, letter] :
         {std::pair(";1", 'b'), std::pair(";2", 'd'), std::pair(";36", 'c'), std::pair(";4", 'u'),
          std::pair(";9", 's')}) {
      if (codes.contains(code)) shown += letter;
    }
    if (codes == ";3" || codes.contains(";3;") || codes.ends_with(";3")) shown += 'i';
    shown += '>';
    i = end;
  }
  return shown;
}

constexpr std::string_view kEverything = R"(# Heading with **bold** and `code`

A paragraph with *italic*, **bold**, ***both***, ~~struck~~, `co*de*` and [a link](https://example.org/a_b "title").
2*3*4 = 24, snake_case_name, a * b, *args, **kwargs, 5 < 6 \*literal\*.

- one
- two with a rather long text that has to be wrapped in a narrow terminal, hanging
  - nested **bold
* * *
1. first
2) second
> quoted *text* that is long enough to be wrapped where the terminal is narrow
> > twice

| Name | Größe | Note |
|------|:-----:|------|
| 東京 | 14 | `a|b` and **x** |
| Paris | 2 | |

```cpp
int main() { return **p; }  // kept as it is, however long this line may be in a narrow terminal

| no | table |
```
~~~
```
~~~
日本語の長い文章は単語の間に空白がないので、文字の間で折り返される。👍🏽 ok
| not a table
end [half](link *open `tick
)";

TEST(MarkdownWriterTest, TheBytesDoNotDependOnHowTheTextIsCut) {
  for (const int width : {0, 40, 100}) {
    for (const bool styles : {false, true}) {
      const std::string whole = write(kEverything, width, styles);
      for (size_t cut = 0; cut <= kEverything.size(); ++cut) {
        ASSERT_EQ(write(kEverything, width, styles, {cut}), whole) << cut << " of width " << width;
      }
      std::vector<size_t> all;
      for (size_t cut = 1; cut < kEverything.size(); ++cut) all.push_back(cut);
      EXPECT_EQ(write(kEverything, width, styles, all), whole) << width;
    }
  }
}

TEST(MarkdownWriterTest, EveryBeginningIsWhole) {
  // An answer may be stopped anywhere: nothing of it is lost but marks.
  for (size_t end = 0; end <= kEverything.size(); ++end) {
    const std::string bytes = write(kEverything.substr(0, end), 40, true);
    if (bytes.empty()) continue;
    EXPECT_TRUE(bytes.ends_with('\n')) << end;
    const size_t style = bytes.rfind('\x1b');
    if (style != std::string::npos) {
      EXPECT_TRUE(bytes.substr(style).starts_with("\x1b[0m")) << end;
    }
  }
}

TEST(MarkdownWriterTest, NoLineIsWiderThanTheTerminalButCode) {
  for (const int width : {1, 2, 10, 40}) {
    for (const bool styles : {false, true}) {
      std::string text(kEverything);
      text.erase(text.find("```cpp"), text.find("日") - text.find("```cpp"));
      std::string bytes = write(text, width, styles);
      std::u32string line;
      for (size_t at = 0; (at = bytes.find('\x1b')) != std::string::npos;) {
        bytes.erase(at, bytes.find('m', at) + 1 - at);
      }
      for (const char32_t c : from_utf8(bytes)) {
        if (c != '\n') {
          line += c;
          continue;
        }
        // Below ten cells the prefixes of quotes and lists leave no room.
        if (width >= 10) {
          EXPECT_LE(cell_width(line), width) << to_utf8(line);
        }
        line.clear();
      }
    }
  }
}

TEST(MarkdownWriterTest, ShowsEmphasis) {
  EXPECT_EQ(rich("a **bold** word"), "a <b>bold<> word\n");
  EXPECT_EQ(rich("*it* _it_ ~~no~~"), "<i>it<> <i>it<> <s>no<>\n");
  EXPECT_EQ(rich("***both*** and **bold *it* bold** and **b *i***"),
            "<bi>both<> and <b>bold <bi>it<b> bold<> and <b>b <bi>i<>\n");
  EXPECT_EQ(rich("use `a  **b**` now"), "use <c>a  **b**<> now\n");
  EXPECT_EQ(rich("``a`b``"), "<c>a`b<>\n");
  EXPECT_EQ(rich("**重点**です"), "<b>重点<>です\n");
}

TEST(MarkdownWriterTest, KeepsWhatIsNoEmphasis) {
  for (const std::string text : {"2*3*4",
                                 "2 * 3 * 4",
                                 "snake_case_name",
                                 "*args",
                                 "f(*args, **kwargs)",
                                 "**open",
                                 "a ** b",
                                 "`tick",
                                 "[x]",
                                 "[x] (y)",
                                 "a_b_",
                                 "~5",
                                 "C:\\dir\\(x\\)",
                                 "5 > 3 < 4",
                                 "!",
                                 "a\\",
                                 "#hashtag",
                                 "1.5 is",
                                 "2024",
                                 "-5 degrees",
                                 "+1",
                                 "--flag",
                                 "| or",
                                 "![",
                                 "[a](b"}) {
    EXPECT_EQ(rich(text), text + "\n");
    EXPECT_EQ(plain(text), text + "\n");
  }
  EXPECT_EQ(rich("\\*not\\*"), "*not*\n");
}

TEST(MarkdownWriterTest, KeepsTheMarksWhereNothingElseShowsThem) {
  EXPECT_EQ(plain("## Head\na **b** `c` *d*"), "## Head\na **b** `c` *d*\n");
}

TEST(MarkdownWriterTest, HoldsBackOnlyWhatIsUndecided) {
  MarkdownWriter writer(true);
  EXPECT_EQ(writer.push("one two thr"), "one two");
  EXPECT_EQ(writer.push("ee **bo"), " three");
  EXPECT_EQ(writer.push("ld** x"), " \x1b[0;1mbold");
  EXPECT_EQ(writer.push(" *"), "\x1b[0m x");
  EXPECT_EQ(writer.push(" y "), " * y");
  EXPECT_EQ(writer.finish(), "\n");
}

TEST(MarkdownWriterTest, GivesUpOnAnEmphasisThatNeverCloses) {
  MarkdownWriter writer(true);
  std::string bytes = writer.push("**");
  for (int i = 0; i < 100; ++i) bytes += writer.push("word ");
  EXPECT_TRUE(bytes.starts_with("**word word")) << bytes;
}

TEST(MarkdownWriterTest, ShowsLinksWithTheirAddress) {
  EXPECT_EQ(plain("see [the page](https://x.org/a_(b)) now"),
            "see the page (https://x.org/a_(b)) now\n");
  EXPECT_EQ(plain("![a cat](cat.png \"Cat\")"), "a cat (cat.png)\n");
  EXPECT_EQ(plain("[https://x.org](https://x.org)"), "https://x.org\n");
  EXPECT_EQ(rich("[**b**](u)"), "<bu>b<> (<d>u<>)\n");
}

TEST(MarkdownWriterTest, ShowsBlocks) {
  EXPECT_EQ(rich("# Head"), "<b>Head<>\n");
  EXPECT_EQ(rich("- a\n* b\n+ c\n  - d"), "• a\n• b\n• c\n  • d\n");
  EXPECT_EQ(rich("10. ten\n11) eleven"), "10. ten\n11) eleven\n");
  EXPECT_EQ(rich("> a\n> > b"), "<d>│ <>a\n<d>│ │ <>b\n");
  EXPECT_EQ(plain("> a"), "> a\n");
  EXPECT_EQ(plain("---", 5), "─────\n");
  EXPECT_EQ(plain("- [ ] open\n- [x] done"), "• [ ] open\n• [x] done\n");
}

TEST(MarkdownWriterTest, KeepsCodeAsItIs) {
  EXPECT_EQ(plain("```py\nx  = **y**\n\n\tif [a](b):\n```\nend", 10),
            "```py\nx  = **y**\n\n\tif [a](b):\n```\nend\n");
  EXPECT_EQ(plain("````\n```\n````\n*a*"), "````\n```\n````\n*a*\n");
  EXPECT_EQ(rich("```\ncode\n```"), "<d>```<>\n<c>code<>\n<d>```<>\n");
  EXPECT_EQ(rich("```\nno end"), "<d>```<>\n<c>no end<>\n");
  EXPECT_EQ(rich("a\n\n    *x*\n    y"), "a\n\n<c>    *x*<>\n<c>    y<>\n");
  EXPECT_EQ(rich("```js inline``` text"), "<c>js inline<> text\n");
}

TEST(MarkdownWriterTest, KeepsOneBlankLineBetweenParagraphs) {
  EXPECT_EQ(plain("\n\na\n\n\n\nb\n\n\n"), "a\n\nb\n");
  EXPECT_EQ(plain("a\r\nb\r\n"), "a\nb\n");
  EXPECT_EQ(plain(""), "");
  EXPECT_EQ(plain("\n"), "");
}

TEST(MarkdownWriterTest, WrapsAtWordsWithHangingIndents) {
  EXPECT_EQ(plain("one two three four", 9), "one two\nthree\nfour\n");
  EXPECT_EQ(plain("- one two three", 9), "• one two\n  three\n");
  EXPECT_EQ(plain("> one two three", 9), "> one two\n> three\n");
  EXPECT_EQ(plain("12. one two", 8), "12. one\n    two\n");
  EXPECT_EQ(plain("abcdefghij k", 4), "abcd\nefgh\nij k\n");
  EXPECT_EQ(plain("日本語です。", 6), "日本語\nです。\n");
  EXPECT_EQ(plain("日本語。です", 6), "日本\n語。で\nす\n") << "a full stop begins no line";
}

TEST(MarkdownWriterTest, KeepsIndentsThatMeanSomething) {
  EXPECT_EQ(plain(" one two three", 9), "one two\nthree\n");
  EXPECT_EQ(plain("- a\n\n  more of a", 9), "• a\n\n  more of\n  a\n");
  EXPECT_EQ(plain("text\n     deep"), "text\n     deep\n");
}

TEST(MarkdownWriterTest, AlignsTables) {
  EXPECT_EQ(plain("|Name|Size|\n|-|-|\n|東京|14|\n|Rio|6|\nend"),
            "Name │ Size\n─────┼─────\n東京 │ 14\nRio  │ 6\nend\n");
  EXPECT_EQ(plain("| no | rule |\nnext"), "| no | rule |\nnext\n");
  EXPECT_EQ(plain("| alone |"), "| alone |\n");
}

TEST(MarkdownWriterTest, WrapsCellsAndThenGivesUpColumns) {
  const std::string table = "|Name|Text|\n|-|-|\n|a|one two three four|\n|b||\n";
  EXPECT_EQ(plain(table, 17),
            "Name │ Text\n─────┼───────────\na    │ one two\n     │ three four\nb    │\n");
  EXPECT_EQ(plain(table, 12), "Name: a\nText: one\ntwo three\nfour\n\nName: b\n");
}

TEST(MarkdownWriterTest, LetsNothingSteerTheTerminal) {
  for (const std::string text :
       {"a\x1b[2Jb", "`\x1b]0;title\x07`", "```\n\x1b[31m\r\x08\n```",
        "| \x1b[1m |\n|-|-|\n| \x9b |",
        "- \xc2\x9b"
        "31m",
        "> \x7f", "[x](\x1b[2J)", "# \x1b", "a\rb", "\x1b", "~~~\x1b\n\x1b"}) {
    const std::string shown = plain(text);
    EXPECT_TRUE(shown.contains("\xEF\xBF\xBD")) << text;
    for (const char32_t c : from_utf8(shown)) {
      EXPECT_TRUE(c == '\n' || !is_control(c)) << "U+" << std::hex << static_cast<uint32_t>(c);
    }
  }
}

TEST(MarkdownWriterTest, ALongLineOfMarksTakesNoQuadraticTime) {
  for (const std::string mark : {"*a ", "[", "`a ``", "**a_", "| ", "> ", "- ", "#", "~~a "}) {
    std::string text;
    while (text.size() < 100'000) text += mark;
    EXPECT_FALSE(plain(text).empty());
    EXPECT_FALSE(plain("|" + text + "|\n|-|\n").empty());
    EXPECT_FALSE(write(text, 40, true).empty());
  }
}

}  // namespace
}  // namespace gerbil::cli
