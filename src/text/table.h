// Table: an array that was built here, or that lies in memory of somebody else's which outlives it
// (a mapped file). Reading it is the same either way. Immutable once built: any thread.
#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include "base/span.h"

namespace gerbil::text {

template <class T>
class Table {
 public:
  static_assert(std::is_trivially_copyable_v<T>);

  Table() = default;
  explicit Table(Span<const T> elsewhere) : view_(elsewhere) {}
  Table(const Table& other)
      : own_(other.own_), view_(other.is_own() ? Span<const T>(own_) : other.view_) {}
  Table(Table&& other) noexcept
      : own_(std::exchange(other.own_, {})), view_(std::exchange(other.view_, {})) {}
  Table& operator=(Table other) noexcept {
    own_.swap(other.own_);  // the elements stay where they are
    view_ = other.view_;
    return *this;
  }

  Span<const T> view() const { return view_; }
  const T* data() const { return view_.data(); }
  size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  const T& operator[](size_t i) const { return view_[i]; }

  // While it is built: any change of the array, and of one of its elements.
  template <class F>
  void edit(F&& change) {
    change(own_);
    view_ = own_;
  }
  T& at(size_t i) { return own_[i]; }

 private:
  bool is_own() const { return view_.data() == own_.data(); }

  std::vector<T> own_;
  Span<const T> view_;
};

}  // namespace gerbil::text
