// Models of a hub (huggingface.co and what speaks like it): fetched by name, kept in a cache that
// other programs share, listed and removed.
//
// Errors, threads and texts as gerbil/gerbil.h has them. Nothing here reads the environment: a
// program that wants the variables of the Hugging Face client reads them itself, as the command
// line does.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gerbil/export.h"
#include "gerbil/result.h"

namespace gerbil {

// Where models come from and where they are kept.
struct Hub {
  std::string endpoint = "https://huggingface.co";
  std::string token;  // sent to the endpoint alone; empty: none
  // As the Hugging Face client lays it out: models--ORG--NAME/{blobs,refs,snapshots}. Made where it
  // is missing. Empty: there are no models of a hub.
  std::string cache_folder;
  bool offline = false;                 // the cache alone
  std::string http_proxy, https_proxy;  // "http://host:port"; empty: none
  std::string no_proxy;                 // hosts that are reached without, with commas
  std::string ca_file;                  // certificates to trust; empty: the system's
  int connections = 8;                  // at once, 1 to 64
  double stall_s = 20;                  // a connection without a byte for so long is made anew
  // Asked often while something is fetched; true ends that with kCancelled. What came stays, and
  // the next time goes on there.
  std::function<bool()> cancelled;
  // Bytes of weights that came so far and in all, of those that were not there yet.
  std::function<void(uint64_t done_bytes, uint64_t total_bytes)> on_progress;
};

struct PullOptions {
  std::string model;     // org/name[@revision]; with :file that file alone, whatever it is
  bool vision = false;   // the encoder of pictures too, where there is one
  bool whole = false;    // every tensor, so that other programs find whole files
  bool dry_run = false;  // configs and headers alone
  Hub hub;
  std::function<void(std::string_view line)> on_note;
};

struct PullReport {
  std::string model;
  std::string commit;
  std::string folder;  // of the snapshot
  struct Part {
    std::string name;  // "attention"; "vision"
    int64_t tensors = 0;
    uint64_t bytes = 0;
  };
  std::vector<Part> needed;  // by the part of the model
  std::vector<Part> skipped;
  uint64_t needed_bytes = 0;
  uint64_t skipped_bytes = 0;
  uint64_t missing_bytes = 0;  // of the needed ones: not there before
};

// Fetches what a model needs, or what is missing of it. Asks the hub whether the revision has
// moved.
GERBIL_API Result<PullReport> pull(const PullOptions& options);
// One JSON object without a newline.
GERBIL_API std::string to_json(const PullReport& report);

// A model in the cache.
struct CachedModel {
  std::string name;  // "org/name"
  std::string folder;
  uint64_t disk_bytes = 0;
  struct Revision {
    std::string name;  // "main"; empty: a commit that no branch or tag of the cache is at
    std::string commit;
  };
  std::vector<Revision> revisions;
  bool partial = false;    // some of its files are there in parts
  int64_t changed_ns = 0;  // since 1970
};

// By name; also those that other programs fetched.
GERBIL_API Result<std::vector<CachedModel>> list_models(const std::string& cache_folder);
// Removes all revisions of org/name; what was removed.
GERBIL_API Result<CachedModel> remove_model(const std::string& cache_folder,
                                            const std::string& name);

}  // namespace gerbil
