// gerbil_tokenizer_bench TOKENIZER_JSON CORPUS: the half of bench/tokenizer.mjs that runs gerbil.
//
// Loads the tokenizer five times and prints the milliseconds of each, then answers every line of
// standard input, the number of a chunk of CORPUS, with the count of its ids and the nanoseconds
// that encoding it took. All times are the thread's own, so that a busy machine counts little.
#include <fmt/format.h>
#include <time.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace {

int64_t nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(0, std::ios::end);
  std::string bytes(static_cast<size_t>(file.tellg()), '\0');
  file.seekg(0);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

// The texts of a corpus as gerbil_tokenizer_corpus writes it.
std::vector<std::string_view> texts_of(std::string_view corpus) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; at + 4 <= corpus.size();) {
    uint32_t size = 0;
    for (int i = 3; i >= 0; --i) size = size << 8 | static_cast<uint8_t>(corpus[at + i]);
    parts.push_back(corpus.substr(at + 4, size));
    at += 4 + size;
  }
  std::vector<std::string_view> texts;
  for (size_t i = 1; i < parts.size(); i += 2) texts.push_back(parts[i]);  // behind its name
  return texts;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: gerbil_tokenizer_bench TOKENIZER_JSON CORPUS\n", stderr);
    return 2;
  }
  std::optional<gerbil::text::Tokenizer> tokenizer;
  for (int i = 0; i < 5; ++i) {
    const int64_t began = nanoseconds();
    auto loaded = gerbil::text::Tokenizer::from_json(read(argv[1]), argv[1]);
    const int64_t took = nanoseconds() - began;
    if (!loaded) {
      std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
      return 1;
    }
    tokenizer.emplace(*std::move(loaded));
    fmt::print("{:.1f}\n", static_cast<double>(took) / 1e6);
  }
  std::fflush(stdout);
  const std::string corpus = read(argv[2]);
  const std::vector<std::string_view> texts = texts_of(corpus);
  for (size_t chunk = 0; std::cin >> chunk && chunk < texts.size();) {
    const int64_t began = nanoseconds();
    const auto ids = tokenizer->encode(texts[chunk]);
    const int64_t took = nanoseconds() - began;
    fmt::print("{} {}\n", ids ? ids->size() : 0, took);
    std::fflush(stdout);
  }
  return 0;
}
