#include "corpus.h"

#include <cstdint>
#include <map>
#include <string_view>

#include "corpus_rules.h"

namespace gerbil::testing {
namespace {

constexpr size_t kChunkBytes = 65536;

// SplitMix64 (Steele, Lea and Flood 2014): a counter, mixed.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  // From 0 to count - 1.
  uint32_t below(uint32_t count) {
    state_ += 0x9E3779B97F4A7C15u;
    uint64_t z = state_;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return static_cast<uint32_t>((z >> 32) * count >> 32);
  }

 private:
  uint64_t state_;
};

void append_utf8(std::string& out, uint32_t c) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(static_cast<uint8_t>(byte)); };
  const auto tail = [&](int shift) { put(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    tail(0);
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    tail(6);
    tail(0);
  } else {
    put(0xF0 | c >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_surrogate(uint32_t c) { return c >= 0xD800 && c < 0xE000; }

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// Writes random text by the rules, from left to right.
class Writer {
 public:
  explicit Writer(uint64_t seed) : random(seed) {
    for (const CorpusRule& rule : corpus_rules())
      rules_[rule.name] = split(rule.alternatives, rule.separator);
  }

  void rule(std::string_view name, int depth = 0) {
    if (builtin(name)) return;
    constexpr int kDeepest = 10;
    const std::vector<std::string_view>& alternatives = rules_.at(name);
    const auto count = static_cast<uint32_t>(alternatives.size());
    const std::string_view text = alternatives[depth > kDeepest ? 0 : random.below(count)];
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '@') {
        out += text[i];
        continue;
      }
      const size_t end = text.find('@', i + 1);
      if (end == i + 1) {
        out += '@';
      } else {
        rule(text.substr(i + 1, end - i - 1), depth + 1);
      }
      i = end;
    }
  }

  void character_of(uint32_t first, uint32_t count) {
    append_utf8(out, first + random.below(count));
  }

  Random random;
  std::string out;

 private:
  void digits(uint32_t longest, std::string_view alphabet) {
    for (uint32_t n = 1 + random.below(longest); n > 0; --n)
      out += alphabet[random.below(static_cast<uint32_t>(alphabet.size()))];
  }

  bool builtin(std::string_view name) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (name == "d") {
      digits(1, kDigits.substr(0, 10));
    } else if (name == "int") {
      digits(1 + random.below(9), kDigits.substr(0, 10));
    } else if (name == "float") {
      digits(4, kDigits.substr(0, 10));
      out += '.';
      digits(6, kDigits.substr(0, 10));
    } else if (name == "hex") {
      digits(8, kDigits);
    } else if (name == "n") {
      out += '\n';
    } else if (name == "t") {
      out += '\t';
    } else if (name == "r") {
      out += '\r';
    } else if (name.size() == 5 && name[0] == 'u') {
      append_utf8(out, static_cast<uint32_t>(std::stoul(std::string(name.substr(1)), nullptr, 16)));
    } else {
      return false;
    }
    return true;
  }

  std::map<std::string_view, std::vector<std::string_view>> rules_;
};

class Corpus {
 public:
  std::vector<CorpusChunk> chunks;

  // Chunks of what write(writer) appends, each call to its end; all the same size or a bit more.
  template <class Write>
  void add(const std::string& kind, int count, size_t bytes, const Write& write) {
    for (int i = 0; i < count; ++i) {
      Writer writer(++seed_);
      while (writer.out.size() < bytes) write(writer);
      add_text(kind, std::move(writer.out));
    }
  }

  // The character c and what write adds to it, for all c in [first, end), cut into chunks.
  template <class Write>
  void add_all(const std::string& kind, uint32_t first, uint32_t end, const Write& write) {
    Writer writer(++seed_);
    for (uint32_t c = first; c < end; ++c) {
      if (is_surrogate(c)) continue;
      append_utf8(writer.out, c);
      write(writer);
      if (writer.out.size() < kChunkBytes && c + 1 < end) continue;
      add_text(kind, std::move(writer.out));
      writer.out.clear();
    }
  }

 private:
  void add_text(const std::string& kind, std::string text) {
    chunks.push_back({kind + "/" + std::to_string(counts_[kind]++), std::move(text)});
  }

  uint64_t seed_ = 0;
  std::map<std::string, int> counts_;
};

void write_language(Writer& to, const CorpusLanguage& language) {
  for (uint32_t words = 3 + to.random.below(12); words > 0; --words) {
    to.rule(language.words);
    if (words == 1) {
      to.out += language.stop;
    } else {
      to.out += to.random.below(8) == 0 ? language.comma : language.space;
    }
  }
}

// Words of random characters out of 128 neighbours: some script, marks, symbols, or nothing yet.
void write_window(Writer& to) {
  uint32_t first = 0;
  do {
    // The first two planes hold nearly all scripts; one in eight comes from where there are more
    // ideographs, tags, private and unassigned characters.
    const uint32_t windows = to.random.below(8) == 0 ? 0x110000 / 128 : 0x20000 / 128;
    first = to.random.below(windows) * 128;
  } while (is_surrogate(first));
  for (uint32_t words = 2 + to.random.below(8); words > 0; --words) {
    for (uint32_t size = 1 + to.random.below(9); size > 0; --size) to.character_of(first, 128);
    to.out += to.random.below(12) == 0 ? '\n' : ' ';
  }
}

// Bytes, or text with some of them changed, cut short or doubled.
void write_broken(Writer& to) {
  if (to.random.below(4) == 0) {
    for (uint32_t n = to.random.below(40); n > 0; --n)
      to.out += static_cast<char>(static_cast<uint8_t>(to.random.below(256)));
    return;
  }
  const size_t begin = to.out.size();
  write_language(
      to, corpus_languages()[to.random.below(static_cast<uint32_t>(corpus_languages().size()))]);
  to.rule("emoji");
  for (uint32_t n = to.random.below(4); n > 0; --n) {
    const auto size = static_cast<uint32_t>(to.out.size() - begin);
    if (size == 0) return;
    const size_t place = begin + to.random.below(size);
    switch (to.random.below(3)) {
      case 0:
        to.out[place] = static_cast<char>(static_cast<uint8_t>(to.random.below(256)));
        break;
      case 1:
        to.out.erase(place, 1);
        break;
      default:
        to.out.insert(place, 1, to.out[place]);
    }
  }
}

void add_texts(Corpus& corpus) {
  corpus.add("prose", 20, kChunkBytes, [](Writer& to) { to.rule("paragraph"); });
  for (const CorpusLanguage& language : corpus_languages())
    corpus.add(language.words, 1, 36000, [&](Writer& to) { write_language(to, language); });
  corpus.add("languages", 12, kChunkBytes, [](Writer& to) {
    const auto count = static_cast<uint32_t>(corpus_languages().size());
    write_language(to, corpus_languages()[to.random.below(count)]);
  });
  for (const char* kind : {"cpp", "python", "script"})
    corpus.add(kind, 8, kChunkBytes, [&](Writer& to) { to.rule(kind); });
  corpus.add("json", 6, kChunkBytes, [](Writer& to) {
    to.rule("json");
    to.rule("n");
  });
  corpus.add("markup", 8, kChunkBytes, [](Writer& to) { to.rule("markup"); });
  corpus.add("numbers", 5, kChunkBytes, [](Writer& to) {
    to.rule("number");
    to.out += to.random.below(6) == 0 ? '\n' : ' ';
  });
  corpus.add("emoji", 5, kChunkBytes, [](Writer& to) {
    to.rule("emoji");
    if (to.random.below(6) == 0) to.rule("noun");
    if (to.random.below(3) == 0) to.out += ' ';
  });
  corpus.add("space", 5, kChunkBytes, [](Writer& to) { to.rule("spaced"); });
  corpus.add("special", 5, kChunkBytes, [](Writer& to) { to.rule("turn"); });
  corpus.add("broken", 6, kChunkBytes, write_broken);
  corpus.add("mixed", 6, kChunkBytes, [](Writer& to) {
    constexpr const char* kRules[] = {"sentence", "cpp", "json", "number", "emoji", "spaced"};
    to.rule(kRules[to.random.below(6)]);
  });
  // Many chunks as short as a chat's messages.
  corpus.add("short", 40, 1, [](Writer& to) { to.rule("sentence"); });
}

void add_characters(Corpus& corpus) {
  corpus.add("scripts", 20, kChunkBytes, write_window);
  corpus.add_all("all", 0, 0x33480, [](Writer&) {});
  corpus.add_all("all", 0xE0000, 0xE0200, [](Writer&) {});
  corpus.add_all("all", 0x10FF00, 0x110000, [](Writer&) {});
  // Each between letters, with a mark that it may compose or be sorted with.
  corpus.add_all("marked", 0, 0x3400, [](Writer& to) {
    constexpr uint32_t kMarks[] = {0x301, 0x308, 0x323, 0x345, 0x3099, 0x11A8, 0x200D, 0x94D};
    append_utf8(to.out, kMarks[to.random.below(8)]);
    to.out += 'a';
  });
}

// No space for 100 kB.
void add_long_words(Corpus& corpus) {
  constexpr size_t kLong = 100'000;
  corpus.add("long-letters", 1, kLong, [](Writer& to) { to.character_of('a', 26); });
  corpus.add("long-letter", 1, kLong, [](Writer& to) { to.out += 'a'; });
  corpus.add("long-two-letters", 1, kLong, [](Writer& to) { to.character_of('a', 2); });
  corpus.add("long-hex", 1, kLong, [](Writer& to) { to.rule("hex"); });
  corpus.add("long-words", 1, kLong, [](Writer& to) { to.rule("german"); });
  corpus.add("long-thai", 1, kLong, [](Writer& to) { to.rule("thai"); });
  corpus.add("long-ideographs", 1, kLong, [](Writer& to) { to.character_of(0x4E00, 0x51A6); });
  corpus.add("long-hangul", 1, kLong, [](Writer& to) { to.character_of(0xAC00, 11172); });
  corpus.add("long-marks", 1, kLong, [](Writer& to) { to.character_of(0x300, 0x70); });
  corpus.add("long-emoji", 1, kLong, [](Writer& to) { to.rule("emoji"); });
  corpus.add("long-punctuation", 1, kLong, [](Writer& to) { to.character_of('!', 15); });
  corpus.add("long-spaces", 1, kLong, [](Writer& to) { to.out += ' '; });
  corpus.add("long-lines", 1, kLong, [](Writer& to) { to.rule(to.random.below(2) ? "n" : "r"); });
}

}  // namespace

std::vector<CorpusChunk> make_corpus() {
  Corpus corpus;
  add_texts(corpus);
  add_characters(corpus);
  add_long_words(corpus);
  return std::move(corpus.chunks);
}

}  // namespace gerbil::testing
