// A hash of short byte strings for tables in memory: eight bytes a step, multiply and fold. Not
// keyed: keys made to collide slow the tables that hold them. Pure; any thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace gerbil::text {

inline uint64_t byte_hash(std::string_view bytes) {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15u;
  const char* data = bytes.data();
  const size_t size = bytes.size();
  uint64_t hash = size * kMultiplier;
  const auto mix = [&](uint64_t word) {
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 32;
  };
  const auto load8 = [](const char* p) {
    uint64_t word = 0;
    std::memcpy(&word, p, 8);
    return word;
  };
  const auto load4 = [](const char* p) {
    uint32_t word = 0;
    std::memcpy(&word, p, 4);
    return uint64_t{word};
  };
  if (size >= 8) {
    for (size_t i = 0; i + 8 <= size; i += 8) mix(load8(data + i));
    if (size % 8 != 0) mix(load8(data + size - 8));  // the last eight, overlapping
  } else if (size >= 4) {
    mix(load4(data) << 32 | load4(data + size - 4));
  } else if (size > 0) {
    const auto byte = [&](size_t i) { return uint64_t{static_cast<uint8_t>(data[i])}; };
    mix(byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1));
  }
  hash *= kMultiplier;
  return hash ^ hash >> 32;
}

}  // namespace gerbil::text
