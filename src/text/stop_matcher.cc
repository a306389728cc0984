#include "text/stop_matcher.h"

#include <utility>

#include "base/quote.h"
#include "text/utf8.h"

namespace gerbil::text {
namespace {

constexpr size_t kMaxStopBytes = 65536;

}  // namespace

Result<StopMatcher> StopMatcher::create(Span<const std::string> stops) {
  StopMatcher matcher;
  size_t total = 0;
  for (size_t i = 0; i < stops.size(); ++i) {
    const std::string& stop = stops[i];
    if (stop.empty()) return invalid("stop string {} is empty", i);
    GERBIL_CHECK_OK(check_utf8(stop, fmt::format("stop string {}", i)));
    total += stop.size();
    if (total > kMaxStopBytes)
      return invalid("stop strings of more than {} bytes in all", kMaxStopBytes);
    matcher.trie_.insert(stop, static_cast<int32_t>(i));
    matcher.stop_sizes_.push_back(stop.size());
  }

  // Breadth first, so that a node's fallback, which is nearer to the root, is ready.
  const ByteTrie& trie = matcher.trie_;
  auto& links = matcher.links_;
  links.resize(static_cast<size_t>(trie.size()));
  std::vector<std::vector<int32_t>> by_depth(1);
  by_depth[0].push_back(ByteTrie::kRoot);
  for (int32_t node = 1; node < trie.size(); ++node) {  // a parent is older than its children
    const auto depth = static_cast<size_t>(links[trie.parent(node)].depth) + 1;
    links[node].depth = static_cast<int32_t>(depth);
    if (by_depth.size() <= depth) by_depth.resize(depth + 1);
    by_depth[depth].push_back(node);
  }
  for (size_t depth = 1; depth < by_depth.size(); ++depth)
    for (const int32_t node : by_depth[depth]) {
      Link& link = links[node];
      if (depth > 1)
        link.fallback = matcher.next(links[trie.parent(node)].fallback, trie.byte(node));
      // The node's own stop string is longer than any that ends with its fallback.
      link.stop = trie.value(node) >= 0 ? trie.value(node) : links[link.fallback].stop;
    }
  return matcher;
}

int32_t StopMatcher::next(int32_t node, uint8_t byte) const {
  while (true) {
    const int32_t child = trie_.child(node, byte);
    if (child >= 0) return child;
    if (node == ByteTrie::kRoot) return ByteTrie::kRoot;
    node = links_[node].fallback;
  }
}

StopMatcher::Step StopMatcher::push(std::string_view text) {
  Step step;
  step.stopped = stopped();
  if (step.stopped) return step;
  if (trie_.empty()) {
    step.text = text;
    return step;
  }
  std::string all = std::move(held_);
  held_.clear();
  size_t read = all.size();  // bytes of it that node_ stands for
  all += text;
  for (; read < all.size(); ++read) {
    node_ = next(node_, static_cast<uint8_t>(all[read]));
    const int32_t stop = links_[node_].stop;
    if (stop < 0) continue;
    stopped_index_ = stop;
    all.resize(read + 1 - stop_sizes_[stop]);
    step.text = std::move(all);
    step.stopped = true;
    return step;
  }
  const auto held = static_cast<size_t>(links_[node_].depth);
  held_ = all.substr(all.size() - held);
  all.resize(all.size() - held);
  step.text = std::move(all);
  return step;
}

std::string StopMatcher::flush() {
  node_ = ByteTrie::kRoot;
  return std::exchange(held_, {});
}

}  // namespace gerbil::text
