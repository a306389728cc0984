// The packed-weight cache of one load: what an earlier run left, and leaving it for the next one.
#pragma once

#include <optional>
#include <string>

#include "backend/backend.h"
#include "gerbil/gerbil.h"
#include "hub/model_files.h"
#include "hub/packed_file.h"

namespace gerbil::api {

class WeightCache final : public backend::PackedCache {
 public:
  // Both must outlive it. Where options name no folder it finds and keeps nothing.
  WeightCache(const LoadOptions& options, const hub::ModelFiles& files)
      : options_(&options), files_(&files) {}

  // Opens what there is of a choice. Null: no cache is wanted, or the choice quantises nothing.
  const backend::PackedCache* open(backend::WeightChoice choice);

  std::optional<Found> find(std::string_view key) const override;

  // Keeps the quantised weights of all, if any of them was not found. Trouble is no error of the
  // load: it becomes a note.
  void keep(Span<const backend::Weights* const> weights) const;

 private:
  const LoadOptions* options_;
  const hub::ModelFiles* files_;
  std::string identity_;
  std::string path_;  // empty: not open
  std::optional<hub::PackedFile> file_;
};

}  // namespace gerbil::api
