#include "support/temp_folder.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace gerbil::testing {

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "gerbil-test-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error(fmt::format("{}: cannot be made", name));
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file.is_open() || file.bad()) {
    throw std::runtime_error(fmt::format("{}: cannot be read", path.string()));
  }
  return std::move(bytes).str();
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw std::runtime_error(fmt::format("{}: cannot be written", path.string()));
}

}  // namespace gerbil::testing
