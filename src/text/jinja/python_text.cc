#include "text/jinja/python_text.h"

#include <algorithm>

#include "text/utf8.h"

namespace gerbil::text::jinja {
namespace {

bool is_line_break(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

// Strips from both ends while `drop` says so.
template <class F>
std::string_view strip_while(std::string_view text, Side side, F&& drop) {
  size_t first = 0;
  size_t last = text.size();
  if (side != Side::kRight) {
    while (first < last) {
      const Utf8Step step = utf8_step(text, first);
      if (!drop(step.codepoint)) break;
      first += step.size;
    }
  }
  if (side != Side::kLeft) {
    while (last > first) {
      size_t start = last - 1;
      while (start > first && (static_cast<uint8_t>(text[start]) & 0xC0) == 0x80) --start;
      if (!drop(utf8_step(text, start).codepoint)) break;
      last = start;
    }
  }
  return text.substr(first, last - first);
}

}  // namespace

int64_t length(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; });
}

size_t byte_offset(std::string_view text, int64_t index) {
  size_t at = 0;
  while (at < text.size()) {
    if ((static_cast<uint8_t>(text[at]) & 0xC0) != 0x80 && index-- == 0) return at;
    ++at;
  }
  return at;
}

std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> out;
  for_each_code_point(
      text, [&](char32_t, size_t at, size_t bytes) { out.push_back(text.substr(at, bytes)); });
  return out;
}

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

std::string_view strip(std::string_view text, Side side) {
  return strip_while(text, side, is_space);
}

std::string_view strip(std::string_view text, std::string_view set, Side side) {
  std::u32string wanted;
  for_each_code_point(set, [&](char32_t c, size_t, size_t) { wanted += c; });
  std::sort(wanted.begin(), wanted.end());
  return strip_while(
      text, side, [&](char32_t c) { return std::binary_search(wanted.begin(), wanted.end(), c); });
}

std::vector<std::string_view> split(std::string_view text, int64_t limit, bool from_right) {
  std::vector<std::string_view> out;
  const Side outer = from_right ? Side::kRight : Side::kLeft;
  std::string_view rest = strip(text, outer);
  while (!rest.empty()) {
    if (limit >= 0 && static_cast<int64_t>(out.size()) >= limit) {
      out.push_back(rest);
      break;
    }
    size_t first_space = std::string_view::npos;
    size_t last_space_end = 0;
    size_t at = 0;
    if (from_right) {
      // Walk back from the end to the nearest space.
      at = rest.size();
      while (at > 0) {
        size_t start = at - 1;
        while (start > 0 && (static_cast<uint8_t>(rest[start]) & 0xC0) == 0x80) --start;
        if (is_space(utf8_step(rest, start).codepoint)) {
          first_space = start;
          last_space_end = at;
          break;
        }
        at = start;
      }
    } else {
      while (at < rest.size()) {
        const Utf8Step step = utf8_step(rest, at);
        if (is_space(step.codepoint)) {
          first_space = at;
          break;
        }
        at += step.size;
      }
    }
    if (first_space == std::string_view::npos) {
      out.push_back(rest);
      break;
    }
    if (from_right) {
      out.push_back(rest.substr(last_space_end));
      rest = strip(rest.substr(0, first_space), Side::kRight);
    } else {
      out.push_back(rest.substr(0, first_space));
      rest = strip(rest.substr(first_space), Side::kLeft);
    }
  }
  if (from_right) std::reverse(out.begin(), out.end());
  return out;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator,
                                    int64_t limit, bool from_right) {
  std::vector<std::string_view> out;
  std::string_view rest = text;
  while (limit < 0 || static_cast<int64_t>(out.size()) < limit) {
    const size_t at = from_right ? rest.rfind(separator) : rest.find(separator);
    if (at == std::string_view::npos) break;
    if (from_right) {
      out.push_back(rest.substr(at + separator.size()));
      rest = rest.substr(0, at);
    } else {
      out.push_back(rest.substr(0, at));
      rest = rest.substr(at + separator.size());
    }
  }
  out.push_back(rest);
  if (from_right) std::reverse(out.begin(), out.end());
  return out;
}

std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> out;
  size_t start = 0;
  size_t at = 0;
  while (at < text.size()) {
    const Utf8Step step = utf8_step(text, at);
    if (!is_line_break(step.codepoint)) {
      at += step.size;
      continue;
    }
    size_t end = at + step.size;
    if (step.codepoint == '\r' && end < text.size() && text[end] == '\n') ++end;
    out.push_back(text.substr(start, (keep_ends ? end : at) - start));
    start = at = end;
  }
  if (start < text.size()) out.push_back(text.substr(start));
  return out;
}

int64_t count(std::string_view text, std::string_view part, int64_t limit) {
  int64_t found = 0;
  if (part.empty()) {
    found = length(text) + 1;
    return limit >= 0 ? std::min(found, limit) : found;
  }
  for (size_t at = text.find(part); at != std::string_view::npos && found != limit;
       at = text.find(part, at + part.size()))
    ++found;
  return found;
}

std::string replace(std::string_view text, std::string_view from, std::string_view to,
                    int64_t limit) {
  std::string out;
  int64_t done = 0;
  if (from.empty()) {
    // Python puts `to` before every character and at the end.
    for_each_code_point(text, [&](char32_t, size_t at, size_t bytes) {
      if (limit < 0 || done < limit) out += to;
      ++done;
      out += text.substr(at, bytes);
    });
    if (limit < 0 || done < limit) out += to;
    return out;
  }
  while (limit < 0 || done < limit) {
    const size_t at = text.find(from);
    if (at == std::string_view::npos) break;
    out += text.substr(0, at);
    out += to;
    text.remove_prefix(at + from.size());
    ++done;
  }
  out += text;
  return out;
}

}  // namespace gerbil::text::jinja
