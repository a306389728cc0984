// What the tokenizer's tests share: committed files and JSON lines. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "text/bpe_alphabet.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

namespace gerbil::text {

inline std::string read_source_file(const std::string& path) {
  std::ifstream file(std::string(GERBIL_SOURCE_DIR) + "/" + path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::stringstream out;
  out << file.rdbuf();
  return out.str();
}

inline std::vector<nlohmann::json> read_json_lines(const std::string& path) {
  std::vector<nlohmann::json> out;
  std::istringstream lines(read_source_file(path));
  for (std::string line; std::getline(lines, line);) out.push_back(nlohmann::json::parse(line));
  EXPECT_FALSE(out.empty()) << path;
  return out;
}

inline Tokenizer tokenizer_from(const std::string& json) {
  auto tokenizer = Tokenizer::from_json(json, "tokenizer.json");
  if (!tokenizer) throw std::runtime_error(tokenizer.error().message);
  return *std::move(tokenizer);
}

// The tokenizer of the bundled model.
inline const Tokenizer& nano_tokenizer() {
  static const Tokenizer tokenizer =
      tokenizer_from(read_source_file("models/qwen3_5-nano-vl/tokenizer.json"));
  return tokenizer;
}

// A tokenizer.json of the 256 bytes (id: the byte) and these merges (ids from 256), to be changed
// by a test. Merges are written in the byte alphabet.
inline nlohmann::json byte_level_json(
    const std::vector<std::pair<std::string, std::string>>& merges = {}) {
  nlohmann::json vocab = nlohmann::json::object();
  for (int byte = 0; byte < 256; ++byte) {
    std::string content;
    append_utf8(content, byte_to_alphabet(static_cast<uint8_t>(byte)));
    vocab[content] = byte;
  }
  nlohmann::json pairs = nlohmann::json::array();
  for (const auto& [left, right] : merges) {
    if (!vocab.contains(left + right)) {
      const size_t id = vocab.size();
      vocab[left + right] = id;
    }
    pairs.push_back({left, right});
  }
  const nlohmann::json byte_level = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}};
  return {{"version", "1.0"},
          {"pre_tokenizer", byte_level},
          {"decoder", byte_level},
          {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", pairs}}}};
}

}  // namespace gerbil::text
