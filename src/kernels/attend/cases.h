#pragma once

#include <algorithm>

#include "kernels/attend/contract.h"
#include "kernels/testing/case.h"

namespace gerbil::kernels::attend {

// A run that has `depth` positions in the cache and adds `count`; its rows from `span` on see each
// other (-1: no row sees a later one).
struct RunShape {
  int32_t depth = 0;
  int32_t count = 1;
  int32_t span = -1;
};

struct Shape {
  int64_t heads = 1;
  int64_t kv_heads = 1;
  int64_t dim = 0;
  int64_t window = 0;
  graph::KvType type = graph::KvType::kF16;
};

inline uint64_t page_bytes(const graph::PagePool& pool, int32_t pages, graph::KvType type) {
  return static_cast<uint64_t>(pages) * pool.page_bytes(type);
}

inline testing::Case make_case(const char* name, const Shape& shape,
                               const std::vector<RunShape>& runs,
                               testing::Purpose purpose = testing::Purpose::kTest) {
  using namespace testing;
  constexpr auto kPositions = static_cast<int32_t>(graph::kPagePositions);
  BatchSpec batch;
  int32_t pages = 1;  // the first page is nobody's
  uint64_t pairs = 0;
  for (const RunShape& run : runs) pages += (run.depth + run.count + kPositions - 1) / kPositions;
  int32_t next = pages;  // handed out from the last one on
  for (const RunShape& run : runs) {
    RunSpec& made = batch.runs.emplace_back(RunSpec{.count = run.count});
    for (int32_t page = 0; page * kPositions < run.depth + run.count; ++page) {
      --next;
      const bool behind =
          shape.window > 0 && (page + 1) * kPositions <= run.depth + 1 - shape.window;
      made.pages.push_back(behind ? graph::kNoPage : next);
    }
    for (int32_t row = 0; row < run.count; ++row) {
      const int32_t index = run.depth + row;
      const bool in_span = run.span >= 0 && row >= run.span;
      batch.index.push_back(index);
      batch.see_until.push_back(in_span ? run.depth + run.count - 1 : index);
      const int64_t first = shape.window > 0 ? std::max<int64_t>(0, index - shape.window + 1) : 0;
      pairs += static_cast<uint64_t>(batch.see_until.back() + 1 - first);
    }
  }
  const auto rows = static_cast<int64_t>(batch.index.size());
  const ViewSpec q = heads_of(rows, shape.heads, shape.dim);
  const ViewSpec k = heads_of(rows, shape.kv_heads, shape.dim);
  const auto width = static_cast<uint64_t>(shape.heads * shape.dim);
  return {.name = name,
          .op = graph::Attend{1.0f / 8, shape.window},
          .inputs = {q, k, k},
          .outputs = {q},
          .kv = KvSpec{.type = shape.type,
                       .kv_heads = shape.kv_heads,
                       .head_dim = shape.dim,
                       .pages = pages},
          .batch = std::move(batch),
          .purpose = purpose,
          .tolerance = kTolerance,
          .bytes = page_bytes({shape.kv_heads, shape.dim}, pages, shape.type),
          .operations = 4 * pairs * width};
}

// The case with pages of another type, which its name then tells.
inline testing::Case in_pages_of(graph::KvType type, testing::Case made) {
  made.name += type == graph::KvType::kF32   ? ", f32"
               : type == graph::KvType::kF16 ? ", f16"
                                             : ", q8";
  made.kv->type = type;
  made.bytes = page_bytes({made.kv->kv_heads, made.kv->head_dim}, made.kv->pages, type);
  return made;
}

inline std::vector<testing::Case> cases() {
  using namespace testing;
  constexpr auto kF32 = graph::KvType::kF32;
  const auto views_of_one_matrix = [](Case c) {  // q, gate | k | v, as one matrix makes them
    const int64_t d = c.inputs[0].dim;
    c.inputs[0].head_gap = d;
    c.inputs[0].row_gap = 2 * c.inputs[1].heads * d + 5;
    for (size_t i : {1, 2}) {
      c.inputs[i].row_gap = 3 * d + static_cast<int64_t>(i);
      c.inputs[i].shift = 1;
    }
    c.outputs[0].row_gap = 3;
    return c;
  };
  const auto shared_state = [](Case c) {
    c.inputs.resize(1);
    return c;
  };
  std::vector<Case> all = {
      make_case("0 rows", {2, 1, 16}, {}),
      make_case("the first row of all", {1, 1, 8}, {{0, 1}}),
      make_case("1 row, tails", {3, 1, 19, 0, kF32}, {{5, 1}}),
      make_case("1 row, tails, f16", {3, 1, 37}, {{70, 1}}),
      make_case("31 positions", {4, 2, 16, 0, kF32}, {{0, 31}}),
      make_case("32 positions", {4, 2, 16}, {{0, 32}}),
      make_case("33 positions", {4, 2, 16, 0, kF32}, {{0, 33}}),
      make_case("across a page border", {2, 2, 16}, {{30, 5}}),
      make_case("ratio 3, a chunk behind a prompt", {6, 2, 24}, {{45, 40}}),
      make_case("ratio 8", {16, 2, 32}, {{100, 21}}),
      make_case("ratio 8, 1 row", {16, 2, 64, 0, kF32}, {{100, 1}}),
      make_case("tails, many rows", {5, 1, 21, 0, kF32}, {{0, 71}}),
      make_case("ragged runs", {4, 2, 32}, {{0, 3}, {64, 1}, {31, 40}, {200, 1}, {0, 1}, {9, 12}}),
      make_case("8 runs of 1 row", {4, 2, 32},
                {{0, 1}, {31, 1}, {32, 1}, {33, 1}, {300, 1}, {700, 1}, {2, 1}, {63, 1}}),
      make_case("window of 1", {2, 1, 16, 1}, {{40, 6}}),
      make_case("window of 32 at a page border", {2, 1, 16, 32}, {{64, 3}}),
      make_case("window within the first page", {4, 2, 16, 7, kF32}, {{0, 50}}),
      make_case("window, deep", {4, 2, 32, 100}, {{700, 45}, {1000, 1}}),
      make_case("a span that sees itself", {4, 2, 16}, {{37, 50, 10}}),
      make_case("a span wider than the window", {4, 2, 16, 20, kF32}, {{37, 50, 10}, {500, 1}}),
      views_of_one_matrix(make_case("views of one matrix", {6, 2, 20}, {{33, 11}, {2, 1}})),
      views_of_one_matrix(make_case("views of one matrix, 1 row", {4, 2, 32, 0, kF32}, {{65, 1}})),
      shared_state(make_case("another layer's state", {4, 2, 16}, {{10, 23}, {70, 1}})),
      make_case("1 row at 2048, 16 heads of 128", {16, 8, 128}, {{2048, 1}}, Purpose::kBoth),
      make_case("1 row at 2048, 8 heads of 256", {8, 2, 256}, {{2048, 1}}, Purpose::kBoth),
      make_case("1 row at 20000, 2 heads of 16", {2, 1, 16}, {{20000, 1}}),
      make_case("5 rows at 3000, 16 heads of 64", {16, 2, 64}, {{3000, 5}}),
      make_case("128 rows, 16 heads of 128", {16, 8, 128}, {{0, 128}}),
      make_case("512 rows, 16 heads of 128", {16, 8, 128}, {{0, 512}}, Purpose::kBench),
      make_case("512 rows to 2048, 16 heads of 128", {16, 8, 128}, {{1536, 512}}, Purpose::kBench),
      make_case("512 rows to 2048, 8 heads of 256", {8, 2, 256}, {{1536, 512}}, Purpose::kBench),
  };
  Case steep = make_case("scores far apart", {4, 2, 16, 0, kF32}, {{90, 60}});
  steep.inputs[0].scale = 60;
  all.push_back(steep);
  for (int64_t dim : {32, 33, 40, 63, 96, 100})  // whole groups, and shorter ones at the end
    for (int32_t rows : {1, 9})
      all.push_back(make_case("groups and their tails", {4, 2, dim}, {{50, rows}}));

  // Every case in every type of page.
  const size_t count = all.size();
  for (size_t i = 0; i < count; ++i)
    for (graph::KvType type : {graph::KvType::kF32, graph::KvType::kF16, graph::KvType::kQ8})
      if (type != all[i].kv->type && all[i].purpose != Purpose::kBench)
        all.push_back(in_pages_of(type, all[i]));

  // Decoding at the end of a long context: what a step costs is the cache.
  for (int32_t depth : {8192, 32768})
    for (graph::KvType type : {graph::KvType::kF32, graph::KvType::kF16, graph::KvType::kQ8}) {
      const std::string at = "1 row at " + std::to_string(depth);
      all.push_back(in_pages_of(type, make_case((at + ", 16 heads of 128").c_str(), {16, 8, 128},
                                                {{depth, 1}}, Purpose::kBench)));
      all.push_back(in_pages_of(type, make_case((at + ", 8 heads of 256").c_str(), {8, 2, 256},
                                                {{depth, 1}}, Purpose::kBench)));
    }
  return all;
}

}  // namespace gerbil::kernels::attend
