// A plan for people: at most 80 columns, whatever the numbers are. Pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "gerbil/gerbil.h"

namespace gerbil::cli {

// Ends with a newline.
std::string plan_text(const Plan& plan);

// "0 B", "999 B", "1.0 kB", "23.4 MB", "1.2 GB": powers of 1000, as disks and downloads are sold.
std::string bytes_text(uint64_t bytes);
// "1,234,567"
std::string count_text(int64_t count);
// "999", "1.2 k", "4.7 M", "35.1 B"
std::string parameters_text(uint64_t count);

}  // namespace gerbil::cli
