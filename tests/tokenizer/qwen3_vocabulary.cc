#include "qwen3_vocabulary.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "support/data.h"
#include "support/temp_folder.h"

namespace gerbil::testing {
namespace {

constexpr size_t kBytes = 256;
constexpr size_t kMerges = 151'387;

// Reads numbers from bits, the low one first.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  uint32_t take(int width) {
    uint32_t value = 0;
    for (int bit = 0; bit < width; ++bit, ++place_) {
      if (place_ / 8 >= bytes_.size()) throw std::runtime_error("qwen3_merges.bin is too short");
      const auto byte = static_cast<uint8_t>(bytes_[place_ / 8]);
      value |= uint32_t{byte >> place_ % 8 & 1u} << bit;
    }
    return value;
  }
  bool at_end() const { return (place_ + 7) / 8 == bytes_.size(); }

 private:
  std::string_view bytes_;
  size_t place_ = 0;
};

// The characters that GPT-2 spells bytes with, in the order of their numbers: the printable ones
// of Latin-1 stand for themselves, the others follow from U+0100 on.
std::vector<std::string> byte_characters() {
  std::vector<uint32_t> characters;
  uint32_t next = 0x100;
  for (uint32_t byte = 0; byte < kBytes; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
    characters.push_back(printable ? byte : next++);
  }
  std::ranges::sort(characters);
  std::vector<std::string> out;
  for (const uint32_t c : characters) {
    std::string text;
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else {
      text += static_cast<char>(0xC0 | c >> 6);
      text += static_cast<char>(0x80 | (c & 0x3F));
    }
    out.push_back(std::move(text));
  }
  return out;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string qwen3_tokenizer_json() {
  const std::string packed = read_file(data_folder() / "tokenizer" / "qwen3_merges.bin");
  std::string json = read_file(data_folder() / "tokenizer" / "qwen3.json");
  std::vector<std::string> tokens = byte_characters();
  std::string merges;
  BitReader bits(packed);
  while (tokens.size() < kBytes + kMerges) {
    const int width = std::bit_width(tokens.size() - 1);
    const uint32_t left = bits.take(width);
    const uint32_t right = bits.take(width);
    if (std::max(left, right) >= tokens.size())
      throw std::runtime_error("qwen3_merges.bin merges a token that is not there yet");
    merges += (merges.empty() ? "[" : ",[") + json_string(tokens[left]) + "," +
              json_string(tokens[right]);
    merges += ']';
    tokens.push_back(tokens[left] + tokens[right]);
  }
  if (!bits.at_end()) throw std::runtime_error("qwen3_merges.bin is too long");

  std::string model = "\"merges\":[" + merges + "],\"vocab\":{";
  for (size_t id = 0; id < tokens.size(); ++id)
    model += (id == 0 ? "" : ",") + json_string(tokens[id]) + ":" + std::to_string(id);
  model += "},";
  constexpr std::string_view kModel = "\"model\":{";
  const size_t place = json.find(kModel);
  if (place == std::string::npos) throw std::runtime_error("qwen3.json has no model");
  return json.insert(place + kModel.size(), model);
}

}  // namespace gerbil::testing
