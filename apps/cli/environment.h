// The one place that reads the environment. One thread.
#pragma once

#include <optional>
#include <string>

namespace gerbil::cli {

// Absent where the variable is unset or empty.
std::optional<std::string> environment(const char* name);

// Where the bundled models lie: $GERBIL_MODELS; else share/gerbil/models beside the program's bin/;
// else the models/ of the source folder that the program was built from.
std::string bundled_models_folder();

// Where quantised weights are kept between runs: $GERBIL_CACHE; else gerbil/ in $XDG_CACHE_HOME or
// in ~/.cache. Empty where none of them is known.
std::string cache_folder();

}  // namespace gerbil::cli
