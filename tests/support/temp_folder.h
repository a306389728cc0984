// TempFolder: a fresh folder of one test, removed with all it holds when the object goes. Also
// whole files as strings. Failures throw std::runtime_error, which GoogleTest reports as the test's
// own. Not shared between threads.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace gerbil::testing {

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace gerbil::testing
