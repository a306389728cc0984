// A trie of byte strings, each with a value. Used by the added tokens of a tokenizer and by the
// stop matcher. Built once, then immutable: any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace gerbil::text {

class ByteTrie {
 public:
  static constexpr int32_t kRoot = 0;

  ByteTrie() : nodes_(1) { root_.fill(-1); }

  // `text` must not be empty, `value` not negative. Keeps the value of a text that is there.
  // Returns the node of the text.
  int32_t insert(std::string_view text, int32_t value) {
    int32_t node = kRoot;
    for (const char c : text) {
      int32_t next = child(node, static_cast<uint8_t>(c));
      if (next < 0) next = append(node, static_cast<uint8_t>(c));
      node = next;
    }
    if (nodes_[node].value < 0) nodes_[node].value = value;
    return node;
  }

  // The node one byte further, or -1.
  int32_t child(int32_t node, uint8_t byte) const {
    if (node == kRoot) return root_[byte];
    int32_t next = nodes_[node].first_child;
    while (next >= 0 && nodes_[next].byte != byte) next = nodes_[next].sibling;
    return next;
  }

  int32_t value(int32_t node) const { return nodes_[node].value; }  // -1: no text ends here
  int32_t size() const { return static_cast<int32_t>(nodes_.size()); }
  bool empty() const { return nodes_.size() == 1; }
  int32_t parent(int32_t node) const { return nodes_[node].parent; }
  uint8_t byte(int32_t node) const { return nodes_[node].byte; }

 private:
  struct Node {
    int32_t parent = -1;
    int32_t first_child = -1;
    int32_t sibling = -1;
    int32_t value = -1;
    uint8_t byte = 0;
  };

  int32_t append(int32_t node, uint8_t byte) {
    const auto next = static_cast<int32_t>(nodes_.size());
    nodes_.push_back({node, -1, nodes_[node].first_child, -1, byte});
    nodes_[node].first_child = next;
    if (node == kRoot) root_[byte] = next;
    return next;
  }

  std::vector<Node> nodes_;
  std::array<int32_t, 256> root_;
};

}  // namespace gerbil::text
