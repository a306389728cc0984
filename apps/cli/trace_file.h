// TraceFile: slices of time in Chrome's trace-event format (JSON), as ui.perfetto.dev and
// chrome://tracing open it. Written as they come, beside their place, and moved there by finish();
// dropped before, it leaves nothing. Where the path is a pipe or a device, it is written to
// directly. The first failed write is kept and ends all writing. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gerbil/gerbil.h"

namespace gerbil::cli {

class TraceFile {
 public:
  static Result<std::unique_ptr<TraceFile>> create(const std::string& path);
  // Whether create() would work, as far as that can be told without touching a pipe or a device.
  static Status check(const std::string& path);
  ~TraceFile();
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;

  // A slice that holds those within its time.
  void slice(std::string_view name, std::string_view category, double start_s, double seconds);
  // A slice for the step, with one for each of its calls.
  void step(const StepProfile& step);
  Status finish();

 private:
  TraceFile(std::string path, std::string temporary, int descriptor);
  void begin_event(std::string_view name, std::string_view category, double start_s,
                   double seconds);
  void write_out();

  std::string path_;
  std::string temporary_;  // empty: `path_` itself is written
  int descriptor_;
  double origin_s_ = -1;
  std::string text_;  // not written yet
  Status status_;
};

}  // namespace gerbil::cli
