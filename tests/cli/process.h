// The built gerbil as a child process: arguments in, exit code and both outputs out. Output is read
// as it comes, so that no pipe fills up; a child that takes longer than two minutes is killed and
// the test fails with std::runtime_error. The child sees none of this process's GERBIL_ and HF_
// variables, cache folders of this test program's, and no hub. Not shared between threads.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gerbil::testing {

struct Finished {
  int exit_code = -1;  // -1: ended by `signal`
  int signal = 0;
  std::string output;
  std::string errors;
};

struct Launch {
  std::vector<std::string> arguments;
  std::string input;                               // standard input; ends there
  std::map<std::string, std::string> environment;  // beside the inherited one
  // Both outputs are one terminal (`output`), and so is standard input where `input` is empty: the
  // child's own then, so that Ctrl-C is a signal to it.
  bool terminal = false;
  uint16_t columns = 80;    // of the terminal
  std::string program;      // default: the built gerbil
  std::string output_file;  // standard output goes there
};

class Process {
 public:
  explicit Process(const Launch& launch);
  ~Process();  // kills it if it still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Until `enough` of what has come on standard output, or its end.
  void read_until(const std::function<bool(const std::string& output)>& enough);
  void send_signal(int signal);
  // Keys of the terminal.
  void type(std::string_view keys);
  // The terminal's modes; as the child left them, once it has ended and before wait().
  termios terminal_modes() const;
  void close_output();  // nobody reads standard output any more
  Finished wait();

 private:
  bool pump();  // false: both outputs have ended

  pid_t child_ = -1;
  int input_ = -1;
  int output_ = -1;
  int errors_ = -1;
  std::string unwritten_;
  Finished finished_;
};

// gerbil ARGUMENTS, with nothing on standard input.
Finished gerbil(std::vector<std::string> arguments);
Finished gerbil(Launch launch);

}  // namespace gerbil::testing
