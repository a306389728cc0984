// Decoder: token ids back to text, whole or as a stream.
//
// What each token decodes to is worked out once, when it is built; only the first token and the
// start of the text may then differ (a space that is dropped there). Immutable: any thread, each
// with a DecodeStream of its own. All text given is valid UTF-8. The stream holds back only bytes
// that begin a character. It gives what decode() gives, but for one case: where byte tokens
// (<0xE2>) that follow each other are not UTF-8, Hugging Face's library replaces all bytes of that
// run, and so does decode(); the stream has given the whole characters before the fault by then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "text/table.h"
#include "text/table_file.h"
#include "text/tokenizer_data.h"
#include "text/tokenizer_vocabulary.h"
#include "text/utf8.h"

namespace gerbil::text {

// One stream of tokens through a Decoder.
struct DecodeStream {
  bool first = true;        // no token yet
  Utf8Repair repair;        // Bytes::kAlphabet
  std::string run;          // Bytes::kFallback: bytes of the run that are not given yet
  bool run_is_bad = false;  // ... which is not UTF-8: a replacement for each byte
  size_t strip = 0;         // index of the step of at_start that is at work
  uint32_t stripped = 0;    // what it took
  std::string text;         // scratch
};

class Decoder {
 public:
  // `vocabulary` must stay where it is. Errors: a regular expression that gave up on a token.
  static Result<Decoder> build(const Vocabulary& vocabulary, DecoderData data);
  Decoder() = default;

  void put(TableWriter& to) const;
  // What put() wrote of a decoder of this vocabulary and data; nothing: the tables are not of one.
  static std::optional<Decoder> take(TableReader& from, const Vocabulary& vocabulary,
                                     DecoderData data);

  // What the token decodes to within a text, possibly a part of a character; empty for an id not
  // in use.
  std::string_view bytes(int32_t id) const {
    return id >= 0 && id < static_cast<int32_t>(byte_.size())
               ? std::string_view(arena_.data() + begin_[id], begin_[id + 1] - begin_[id])
               : std::string_view{};
  }

  // Appends what the text is longer by. Ids that are not in use are passed over.
  void push(const Vocabulary& vocabulary, int32_t id, DecodeStream& stream, std::string& out) const;
  // At the end: what was held back, as replacements. The stream may begin anew then.
  void flush(DecodeStream& stream, std::string& out) const;

  // `skip(id)`: ids to leave out.
  template <class Skip>
  std::string decode(const Vocabulary& vocabulary, Span<const int32_t> ids,
                     const Skip& skip) const {
    std::string out;
    DecodeStream stream;
    for (size_t i = 0; i < ids.size();) {
      if (skip(ids[i]) || is_unused(ids[i])) {
        ++i;
      } else if (is_byte(ids[i])) {
        const size_t end = end_of_run(ids, i, skip);
        whole_run(ids, i, end, skip, stream, out);
        i = end;
      } else {
        push(vocabulary, ids[i++], stream, out);
      }
    }
    flush(stream, out);
    return out;
  }

 private:
  void set(DecoderData data);
  bool is_byte(int32_t id) const {
    return id >= 0 && id < static_cast<int32_t>(byte_.size()) && byte_[id] != 0;
  }
  bool is_unused(int32_t id) const {
    return id < 0 || id >= static_cast<int32_t>(present_.size()) || present_[id] == 0;
  }
  // Of the byte tokens from `begin` on, left-out ids between them included.
  template <class Skip>
  size_t end_of_run(Span<const int32_t> ids, size_t begin, const Skip& skip) const {
    size_t end = begin;
    for (size_t i = begin; i < ids.size(); ++i) {
      if (skip(ids[i]) || is_unused(ids[i])) continue;
      if (!is_byte(ids[i])) break;
      end = i + 1;
    }
    return end;
  }
  template <class Skip>
  void whole_run(Span<const int32_t> ids, size_t begin, size_t end, const Skip& skip,
                 DecodeStream& stream, std::string& out) const {
    std::string run;
    for (size_t i = begin; i < end; ++i)
      if (!skip(ids[i])) run += bytes(ids[i]);
    give_run(run, stream, out);
  }
  void give_run(std::string_view run, DecodeStream& stream, std::string& out) const;
  void end_run(DecodeStream& stream, std::string& out) const;
  void push_byte(std::string_view byte, DecodeStream& stream, std::string& out) const;
  // Appends `text`, which is valid, after the steps of at_start.
  void give(std::string_view text, DecodeStream& stream, std::string& out) const;

  DecoderData data_;
  bool first_differs_ = false;
  Table<char> arena_;
  Table<uint32_t> begin_;  // [ids + 1]
  Table<uint8_t> byte_;    // <0x..>
  Table<uint8_t> present_;
};

}  // namespace gerbil::text
