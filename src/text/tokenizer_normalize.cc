#include "text/tokenizer_normalize.h"

#include "text/bpe_alphabet.h"

namespace gerbil::text {
namespace {

// One character for each one-byte match: the step of SentencePiece-like models.
void replace_byte(char what, std::string_view content, std::string_view text, std::string& out) {
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != what) continue;
    out.append(text, begin, i - begin);
    out += content;
    begin = i + 1;
  }
  out.append(text, begin);
}

// What one run of the steps works on.
struct Run {
  NormalizeScratch& scratch;
  std::string& text;
  bool& at_start;

  Status operator()(const FormStep& step) const {
    if (step.form == NormalForm::kNfc && is_plainly_nfc(text)) return {};
    text = to_normal_form(step.form, text);
    return {};
  }

  Status operator()(const LowercaseStep&) const {
    std::string& out = scratch.out;
    out.clear();
    for (size_t offset = 0; offset < text.size();) {
      const Utf8Step step = utf8_step(text, offset);
      append_lowercase(out, step.codepoint);
      offset += step.size;
    }
    text.swap(out);
    return {};
  }

  Status operator()(const StripStep& step) const {
    size_t begin = 0;
    size_t end = text.size();
    while (step.left && begin < end) {
      const Utf8Step next = utf8_step(text, begin);
      if (!is_white_space(next.codepoint)) break;
      begin += next.size;
    }
    while (step.right && begin < end) {
      size_t last = end - 1;
      while (last > begin && (static_cast<uint8_t>(text[last]) & 0xC0) == 0x80) --last;
      if (!is_white_space(utf8_step(text, last).codepoint)) break;
      end = last;
    }
    if (begin > 0) at_start = false;
    text.erase(end);
    text.erase(0, begin);
    return {};
  }

  Status operator()(const StripAccentsStep&) const {
    std::string& out = scratch.out;
    out.clear();
    for (size_t offset = 0; offset < text.size();) {
      const Utf8Step step = utf8_step(text, offset);
      if (!is_mark(step.codepoint)) {
        out.append(text, offset, step.size);
      } else if (out.empty()) {
        at_start = false;
      }
      offset += step.size;
    }
    text.swap(out);
    return {};
  }

  Status operator()(const ReplaceStep& step) const {
    std::string& out = scratch.out;
    out.clear();
    const std::string* literal = std::get_if<std::string>(&step.pattern);
    if (literal && literal->size() == 1 && !step.content.empty()) {
      if (text.size() > scratch.room / step.content.size()) return outgrown();
      replace_byte(literal->front(), step.content, text, out);
      text.swap(out);
      return {};
    }
    GERBIL_CHECK_OK(cover(step.pattern, text, scratch.matcher, scratch.ranges));
    for (const MatchRange& range : scratch.ranges) {
      if (range.match) {
        out += step.content;
        if (out.empty() && range.end > range.begin) at_start = false;
      } else {
        out.append(text, range.begin, range.end - range.begin);
      }
      if (out.size() > scratch.room) return outgrown();
    }
    if (!scratch.ranges.empty()) text.swap(out);
    return {};
  }

  Status operator()(const PrependStep& step) const {
    if (!text.empty()) text.insert(0, step.content);
    return {};
  }

  Status operator()(const AlphabetStep&) const {
    std::string& out = scratch.out;
    out.clear();
    append_in_alphabet(text, out);
    text.swap(out);
    return {};
  }
};

}  // namespace

Status outgrown() {
  return invalid("the text becomes more than {} times as long, or longer than {} bytes", kMaxGrowth,
                 kMaxTextBytes);
}

Status normalize(Span<const NormalizerStep> steps, NormalizeScratch& scratch, std::string& text,
                 bool& at_start) {
  for (const NormalizerStep& step : steps) {
    GERBIL_CHECK_OK(std::visit(Run{scratch, text, at_start}, step));
    if (text.size() > scratch.room) return outgrown();
  }
  scratch.room -= std::min(scratch.room, text.size());
  return {};
}

}  // namespace gerbil::text
