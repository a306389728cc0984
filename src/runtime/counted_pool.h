// CountedPool: numbers (pages of a pool, or state slots) that several sequences may share. A number
// is free when its last holder has released it. Lowest free number first, so that stores grow only
// when they must. Driver thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

#include "base/check.h"

namespace gerbil::runtime {

class CountedPool {
 public:
  explicit CountedPool(int32_t limit) : limit_(limit) {}

  // A number held once; nothing when all are taken.
  std::optional<int32_t> take() {
    if (!free_.empty()) {
      const int32_t number = free_.top();
      free_.pop();
      holders_[static_cast<size_t>(number)] = 1;
      return number;
    }
    if (size() == limit_) return std::nullopt;
    holders_.push_back(1);
    return size() - 1;
  }
  void share(int32_t number) {
    GERBIL_ASSERT(holders(number) > 0);
    ++holders_[static_cast<size_t>(number)];
  }
  void release(int32_t number) {
    GERBIL_ASSERT(holders(number) > 0);
    if (--holders_[static_cast<size_t>(number)] == 0) free_.push(number);
  }

  int32_t holders(int32_t number) const { return holders_[static_cast<size_t>(number)]; }
  int32_t size() const { return static_cast<int32_t>(holders_.size()); }  // numbers ever handed out
  int32_t in_use() const { return size() - static_cast<int32_t>(free_.size()); }

 private:
  int32_t limit_;
  std::vector<int32_t> holders_;
  std::priority_queue<int32_t, std::vector<int32_t>, std::greater<>> free_;
};

}  // namespace gerbil::runtime
