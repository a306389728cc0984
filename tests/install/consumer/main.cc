// A program that uses gerbil as a library: asks the bundled model one question and prints the
// answer as it comes. Argument: the folder of the bundled models.
#include <gerbil/gerbil.h>

#include <cstdio>

int main(int argc, char** argv) {
  const auto engine = gerbil::Engine::load({.model = "demo",
                                            .bundled_models = argc > 1 ? argv[1] : "",
                                            .on_note = {},
                                            .on_progress = {}});
  if (!engine) {
    std::fprintf(stderr, "%s\n", engine.error().message.c_str());
    return 1;
  }
  const auto session = (*engine)->new_session();
  const gerbil::Request request{
      .prompt = gerbil::Chat{
          .messages = R"([{"role": "user", "content": "Whose national symbol is the wolf?"}])",
          .tools = "",
          .think = false}};
  const auto answer = (*session)->generate(
      request, [](const gerbil::Delta& delta) { std::fputs(delta.text.c_str(), stdout); });
  if (!answer) {
    std::fprintf(stderr, "%s\n", answer.error().message.c_str());
    return 1;
  }
  std::puts("");
}
