// gerbil_tokenizer_corpus FILE: writes the corpus for tools/make_tokenizer_hashes.mjs: of each
// chunk the size of its name (u32, little-endian), the name, the size of its text, the text.
#include <cstdint>
#include <cstdio>
#include <fstream>

#include "corpus.h"

namespace {

void write(std::ofstream& file, const std::string& bytes) {
  for (int shift = 0; shift < 32; shift += 8)
    file.put(static_cast<char>(static_cast<uint8_t>(bytes.size() >> shift)));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: gerbil_tokenizer_corpus FILE\n", stderr);
    return 2;
  }
  std::ofstream file(argv[1], std::ios::binary);
  for (const gerbil::testing::CorpusChunk& chunk : gerbil::testing::make_corpus()) {
    write(file, chunk.name);
    write(file, chunk.text);
  }
  file.close();
  if (!file) std::fprintf(stderr, "gerbil_tokenizer_corpus: cannot write %s\n", argv[1]);
  return file ? 0 : 1;
}
