// Tables in a block of bytes, to be kept in a file and used where it is mapped.
//
//   8, 8 bytes  a mark with the layout's version, XXH3 of all that follows; little-endian
//   tables      each from a multiple of 64 on: element size, number of elements, 48 bytes of zeros,
//               elements
//
// The bytes are this machine's: a block made where numbers lie otherwise has another mark. What is
// read is as hostile as any file: a reader that ends well promises that all lies within the block,
// and that it is what was written unless somebody meant to deceive; what the elements say is for
// those who know them to check. Belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <string>

#include "base/span.h"
#include "text/table.h"

namespace gerbil::text {

class TableWriter {
 public:
  TableWriter();

  template <class T>
  void put(Span<const T> elements) {
    put_bytes(sizeof(T),
              {reinterpret_cast<const std::byte*>(elements.data()), elements.size() * sizeof(T)});
  }
  std::string finish() &&;

 private:
  void put_bytes(uint64_t element_bytes, Bytes elements);

  std::string block_;
};

class TableReader {
 public:
  // A block that is torn or of another kind has no tables. It must be aligned to 64 bytes and
  // outlive them.
  explicit TableReader(Bytes block);

  // Nothing there, or tables of something else: an empty one, and ok() is false from then on.
  template <class T>
  Table<T> take() {
    const Bytes bytes = take_bytes(sizeof(T));
    return Table<T>(
        Span<const T>(reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)));
  }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }

 private:
  Bytes take_bytes(uint64_t element_bytes);

  Bytes rest_;
  bool ok_ = true;
};

}  // namespace gerbil::text
