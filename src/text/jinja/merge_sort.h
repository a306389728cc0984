// A stable sort that stays in its bounds whatever the order says: values of a template may
// contradict themselves (a NaN is neither less nor greater), which std::sort does not allow.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

namespace gerbil::text::jinja {

// n log n moves; less(a, b): a must come before b.
template <class T, class Less>
void merge_sort(std::vector<T>& items, const Less& less) {
  std::vector<T> merged;
  merged.reserve(items.size());
  for (size_t width = 1; width < items.size(); width *= 2) {
    merged.clear();
    for (size_t first = 0; first < items.size(); first += 2 * width) {
      const size_t middle = std::min(first + width, items.size());
      const size_t last = std::min(first + 2 * width, items.size());
      size_t left = first;
      size_t right = middle;
      while (left < middle || right < last) {
        const bool take_right = left == middle || (right < last && less(items[right], items[left]));
        merged.push_back(std::move(items[take_right ? right++ : left++]));
      }
    }
    std::swap(items, merged);
  }
}

}  // namespace gerbil::text::jinja
