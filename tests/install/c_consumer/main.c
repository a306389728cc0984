/* A C program that uses gerbil as a library: asks the bundled model one question and prints the
 * answer as it comes. Argument: the folder of the bundled models. */
#include <gerbil/gerbil_c.h>
#include <stdio.h>

static bool print(void* user, const gerbil_delta* delta) {
  (void)user;
  fputs(gerbil_delta_text(delta, NULL), stdout);
  return true;
}

int main(int argc, char** argv) {
  gerbil_options* options = gerbil_options_new();
  gerbil_request* request = gerbil_request_new();
  gerbil_engine* engine = NULL;
  gerbil_session* session = NULL;
  gerbil_error* error = NULL;
  gerbil_options_set_model(options, "demo");
  gerbil_options_set_bundled_models(options, argc > 1 ? argv[1] : "");
  gerbil_request_set_chat(
      request, "[{\"role\": \"user\", \"content\": \"Whose national symbol is the wolf?\"}]", NULL,
      GERBIL_THINK_OFF, GERBIL_END_ASSISTANT);
  const bool good =
      gerbil_engine_load(options, &engine, &error) == GERBIL_OK &&
      gerbil_session_new(engine, &session, &error) == GERBIL_OK &&
      gerbil_session_generate(session, request, print, NULL, NULL, &error) == GERBIL_OK;
  puts(good ? "" : gerbil_error_message(error));
  gerbil_error_free(error);
  gerbil_session_free(session);
  gerbil_engine_free(engine);
  gerbil_request_free(request);
  gerbil_options_free(options);
  return good ? 0 : 1;
}
