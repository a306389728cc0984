#include "graph/weight_care.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "graph/builder.h"
#include "graph/testing/blocks.h"

namespace gerbil::graph {
namespace {

std::map<std::string, WeightCare> by_role(const Graph& graph) {
  const std::vector<WeightCare> care = weight_care(graph);
  std::map<std::string, WeightCare> all;
  for (size_t id = 0; id < care.size(); ++id) all[graph.weights[id].role] = care[id];
  return all;
}

TEST(WeightCare, IsMoreForTablesAndForTheLogitsAndMostForRouters) {
  const auto graph = testing::decoder({testing::Mixer::kAttention, testing::Mixer::kExperts});
  ASSERT_TRUE(graph) << graph.error().message;
  int more = 0, exact = 0;
  for (const auto& [role, care] : by_role(*graph)) {
    const bool table = role == "embed" || role == "head";
    const bool router = role.ends_with(".router");
    EXPECT_EQ(care, table    ? WeightCare::kMore
                    : router ? WeightCare::kExact
                             : WeightCare::kUsual)
        << role;
    more += table;
    exact += router;
  }
  EXPECT_GE(more, 1);
  EXPECT_EQ(exact, 1);
}

}  // namespace
}  // namespace gerbil::graph
