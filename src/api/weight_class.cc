#include "api/weight_class.h"

#include <algorithm>
#include <iterator>

namespace gerbil::api {
namespace {

constexpr std::string_view kClasses[] = {"embedding", "attention", "recurrent", "mlp",  "experts",
                                         "norms",     "output",    "vision",    "other"};

// The first row with a word that the role has, as a whole or, with a closing '*', as its beginning.
struct Row {
  std::string_view word;
  std::string_view weight_class;
};
constexpr Row kRows[] = {
    {"experts*", "experts"},  // before mlp, which they stand in
    {"embed*", "embedding"},   {"lm_head", "output"}, {"attention*", "attention"},
    {"delta*", "recurrent"},   {"mlp", "mlp"},        {"moe", "mlp"},
    {"shared_expert*", "mlp"}, {"router*", "mlp"},
};

bool matches(std::string_view word, std::string_view pattern) {
  return pattern.ends_with('*') ? word.starts_with(pattern.substr(0, pattern.size() - 1))
                                : word == pattern;
}

template <class Test>
bool any_word(std::string_view role, Test test) {
  while (!role.empty()) {
    const std::string_view word = role.substr(0, role.find('.'));
    if (test(word)) return true;
    role.remove_prefix(std::min(role.size(), word.size() + 1));
  }
  return false;
}

}  // namespace

Span<const std::string_view> weight_classes() { return kClasses; }

std::string_view weight_class(std::string_view role) {
  if (role.starts_with("vision.")) return "vision";
  if (any_word(role, [](std::string_view word) { return word.ends_with("norm"); })) return "norms";
  for (const Row& row : kRows)
    if (any_word(role, [&](std::string_view word) { return matches(word, row.word); }))
      return row.weight_class;
  return "other";
}

}  // namespace gerbil::api
