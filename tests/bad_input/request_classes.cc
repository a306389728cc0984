// What tokenizers, templates, prompts, chats, ids, inputs and options can have wrong.
#include <nlohmann/json.hpp>

#include "bad_input/bad_input.h"
#include "support/safetensors_file.h"

namespace gerbil::testing {
namespace {

using Json = nlohmann::json;

constexpr const char* kTiny = "qwen3-tiny";  // a vocabulary of 320, a context of 4096, no tokenizer
constexpr const char* kDemo = "demo";        // a vocabulary of 2048, a context of 4096
constexpr const char* kTokenizer = "tokenizer.json";
constexpr const char* kTemplate = "chat_template.jinja";
constexpr const char* kHi = R"([{"role": "user", "content": "Hi"}])";

std::string nested(size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

std::string repeated(std::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

Change edits_tokenizer(std::function<void(Json&)> edit) {
  return [=](CheckpointCopy& copy) { copy.edit_json(kTokenizer, edit); };
}

Change splits_by(std::string regex) {
  return edits_tokenizer([=](Json& all) {
    all["pre_tokenizer"] = Json::parse(
        R"({"type": "Sequence", "pretokenizers": [{"type": "Split", "behavior": "Isolated",
            "invert": false}, {"type": "ByteLevel", "add_prefix_space": false,
            "trim_offsets": true, "use_regex": false}]})");
    all["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = regex;
  });
}

Change templated(std::string_view source) { return writes(kTemplate, source); }

Attempt chats(std::string_view messages, std::string_view tools = "") {
  return answers({.prompt = Chat{.messages = std::string(messages), .tools = std::string(tools)},
                  .max_tokens = 1});
}

Attempt reads(std::string_view text, const LoadOptions& options = {}) {
  return answers({.prompt = RawText{std::string(text)}, .max_tokens = 1}, options);
}

Attempt runs(std::vector<int32_t> ids, const LoadOptions& options = {}) {
  return answers({.prompt = TokenIds{std::move(ids)}, .max_tokens = 1}, options);
}

Attempt samples(const Sampling& sampling) {
  return answers({.prompt = TokenIds{{1}}, .max_tokens = 1, .sampling = sampling});
}

// forward with the tensors that a file beside the model holds.
BadInput inputs(std::string name, StoredTensors tensors, std::string line) {
  return {std::move(name), kTiny,
          [tensors = std::move(tensors)](CheckpointCopy& copy) {
            write_safetensors(copy.path() / "in.safetensors", tensors);
          },
          [](const std::string& folder) {
            return forwards({.inputs_file = folder + "/in.safetensors"})(folder);
          },
          "@/in.safetensors: " + line};
}

// ---- tokenizer.json

std::vector<BadInput> tokenizers() {
  return {
      {"NoTokenizer", kTiny, nothing(), reads("Hi"),
       "@: tokenizer.json is missing: only token ids can be given"},
      {"TokenizerNoJson", kDemo, writes(kTokenizer, "{\"model\": "), encodes("Hi"),
       "@/tokenizer.json: not valid JSON: expected a value where the text ends, line 1, column 11 "
       "(byte 10)"},
      {"DeepTokenizer", kDemo, writes(kTokenizer, nested(100'000)), encodes("Hi"),
       "@/tokenizer.json: JSON nested more than 64 deep"},
      {"DuplicateKeyInTokenizer", kDemo, writes(kTokenizer, R"({"model": {"a": 1, "a": 2}})"),
       encodes("Hi"), R"(@/tokenizer.json: the key "a" twice)"},
      {"UnknownTokenizerModel", kDemo, sets(kTokenizer, {"model", "type"}, "Unigram"),
       encodes("Hi"), R"(@/tokenizer.json: "model.type": expected "BPE", found "Unigram")"},
      {"TokenOfAHugeId", kDemo, sets(kTokenizer, {"model", "vocab", "zz"}, 1'000'000'000),
       encodes("Hi"),
       R"(@/tokenizer.json: "model.vocab": the id 1000000000 of the token "zz" is not from 0 to )"
       "4194303"},
      {"TwoTokensOfOneId", kDemo, sets(kTokenizer, {"model", "vocab", "zz"}, 5), encodes("Hi"),
       R"(@/tokenizer.json: "model.vocab": the id 5 belongs to two tokens, "&" and "zz")"},
      {"MergeOfNoToken", kDemo,
       edits_tokenizer([](Json& all) { all["model"]["merges"][0] = {"zzz", "yyy"}; }),
       encodes("Hi"),
       R"(@/tokenizer.json: "model.merges[0]": the token "zzz" is not in the vocabulary)"},
      {"BrokenRegex", kDemo, splits_by("("), encodes("Hi"),
       R"(@/tokenizer.json: "pre_tokenizer.pretokenizers[0].pattern.Regex": the regular )"
       R"(expression "(" is not valid: missing closing parenthesis)"},
      {"RegexThatNeverEnds", kDemo, splits_by("(a|aa)+$"), encodes(std::string(50'000, 'a') + "!"),
       "the text cannot be cut into words: a regular expression gave up at byte 0: match limit "
       "exceeded"},
      {"RegexThatLooksThroughTheTextForEachPlace", kDemo, splits_by("a*b"),
       encodes(std::string(300'000, 'a')),
       "the text cannot be cut into words: a regular expression gave up at byte 381: it looks "
       "through the text too often"},
      {"NormalizerThatGrowsTheText", kDemo, edits_tokenizer([](Json& all) {
         all["normalizer"] = Json::parse(R"({"type": "Replace", "pattern": {"String": "i"}})");
         all["normalizer"]["content"] = std::string(100'000, 'i');
       }),
       encodes("Hi"),
       "the text cannot be normalized: the text becomes more than 64 times as long, or longer than "
       "1073741824 bytes"},
      {"DecoderThatGrowsItsTokens", kDemo, edits_tokenizer([](Json& all) {
         const Json step = Json::parse(
             R"({"type": "Replace", "pattern": {"String": "e"}, "content": "eeeeeeeeeeeeeeeeeeee"})");
         all["decoder"] = Json::parse(R"({"type": "Sequence"})");
         all["decoder"]["decoders"] = Json(size_t{30}, step);
       }),
       encodes("Hi"),
       "@/tokenizer.json: \"decoder\": the tokens become more than 64 times as long"},
      {"MoreTokensThanTheModelHas", kDemo, edits_tokenizer([](Json& all) {
         Json added = all["added_tokens"][0];
         added["id"] = 50'000;
         added["content"] = "<|new|>";
         all["added_tokens"].push_back(added);
       }),
       reads("<|new|>"), "the prompt: expected ids from 0 to 2047, found 50000 at position 0"},
  };
}

// ---- chat template

std::vector<BadInput> templates() {
  return {
      {"NoTemplate", kDemo,
       [](CheckpointCopy& copy) {
         copy.remove(kTemplate);
         copy.remove("tokenizer_config.json");
       },
       chats(kHi),
       "@: the model has no chat template, neither chat_template.jinja nor in "
       "tokenizer_config.json"},
      {"BrokenTemplate", kDemo, templated("a\n{% if"), chats(kHi),
       "@: chat_template.jinja:2: a tag is not closed with %}"},
      {"BlockWithoutEnd", kDemo, templated("{% for m in messages %}"), chats(kHi),
       "@: chat_template.jinja:1: the for block is not closed with endfor"},
      {"UnknownTag", kDemo, templated("{% include 'x' %}"), chats(kHi),
       "@: chat_template.jinja:1: the tag 'include' is not supported"},
      {"TemplateNoUtf8", kDemo, templated("\xff"), chats(kHi),
       "@: chat_template.jinja is not valid UTF-8 at byte 0 (0xff)"},
      {"TemplateThatRaises", kDemo, templated("{{ raise_exception('roles must\nalternate') }}"),
       chats(kHi), "chat_template.jinja:1: roles must alternate"},
      {"TemplateOfUnknownNames", kDemo, templated("{{ none_such.role }}"), renders(kHi),
       "chat_template.jinja:1: 'none_such' is undefined"},
      {"DeepTemplate", kDemo,
       templated("{{ " + std::string(10'000, '(') + "1" + std::string(10'000, ')') + " }}"),
       renders(kHi), "@: chat_template.jinja:1: nested deeper than 200"},
      {"TemplateThatRecurs", kDemo, templated("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
       renders(kHi), "chat_template.jinja:1: macros and blocks are nested deeper than 600 levels"},
      {"TemplateThatNeverEnds", kDemo,
       templated("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"),
       renders(kHi), "chat_template.jinja:1: the template takes more than 20000000 steps"},
      {"TemplateOfHugeStrings", kDemo, templated("{{ 'x' * 10000000000 }}"), renders(kHi),
       "chat_template.jinja:1: a string of 10000000000 bytes is longer than the limit of 67108864"},
      {"TemplateOfNothing", kDemo, templated(""), chats(kHi), "the prompt is empty"},
      {"DeepTokenizerConfig", kDemo, writes("tokenizer_config.json", nested(100'000)), renders(kHi),
       "@: tokenizer_config.json: JSON nested more than 64 deep"},
  };
}

// What a template may try against the host that renders it: each ends soon, with one line.
std::vector<BadInput> hostile_templates() {
  const std::pair<const char*, const char*> rows[] = {
      {"{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
       "macros and blocks are nested deeper than 600 levels"},
      {"{% macro c() %}{{ caller() }}{% endmacro %}{% macro r() %}{% call c() %}{{ r() }}{% "
       "endcall "
       "%}{% endmacro %}{{ r() }}",
       "macros and blocks are nested deeper than 600 levels"},
      {"{% for x in [messages] recursive %}{{ loop([messages]) }}{% endfor %}",
       "macros and blocks are nested deeper than 600 levels"},
      {"{% for i in range(1000000000) %}{% endfor %}",
       "range too big: templates may have at most 100000 items"},
      {"{{ range(10 ** 9)|sum }}", "range too big: templates may have at most 100000 items"},
      {"{% set s = 'x' * 50000000 %}{{ s ~ s }}",
       "a string of 100000000 bytes is longer than the limit of 67108864"},
      {"{{ ('x' * 1000000) * 1000 }}",
       "a string of 1000000000 bytes is longer than the limit of 67108864"},
      {"{{ 'x'|center(1000000000) }}",
       "a string of 1000000000 bytes is longer than the limit of 67108864"},
      {"{{ '\\t'.expandtabs(1000000000) }}",
       "a string of 1000000001 bytes is longer than the limit of 67108864"},
      {"{{ messages|tojson(indent=1000000000) }}",
       "a string of 1000000000 bytes is longer than the limit of 67108864"},
      {"{{ '%1000000000d' % 5 }}", "a format's width is larger than 100000"},
      {"{{ '{:1000000000d}'.format(5) }}", "a format's width is larger than 100000"},
      {"{{ [1, 2]|slice(1000000000)|list }}",
       "'slice' wants from 1 to 100000 slices, got 1000000000"},
      {"{{ 10 ** 10 ** 10 }}", "an integer does not fit 64 bits"},
      // Nothing of the host is within reach: there is nothing behind what looks like Python's.
      {"{{ ''.__class__.__mro__ }}", "'str object' has no attribute '__class__'"},
      {"{{ messages.__class__.__base__.__subclasses__() }}",
       "'list object' has no attribute '__class__'"},
      {"{{ messages[0].__init__.__globals__ }}", "'dict object' has no attribute '__init__'"},
      {"{{ cycler.__init__.__globals__.os.popen('id').read() }}",
       "'function object' has no attribute '__init__'"},
      {"{{ raise_exception.__globals__['sys'] }}",
       "'function object' has no attribute '__globals__'"},
      {"{{ (''|attr('__class__')).__mro__ }}", "'str object' has no attribute '__class__'"},
      {"{{ [messages]|map(attribute='__class__.__base__')|list }}",
       "'list object' has no attribute '__class__'"},
      {"{{ '{0.__class__.__mro__}'.format('') }}", "'str object' has no attribute '__class__'"},
      {"{{ '%(__class__)s' % messages[0] }}", "format names a missing key \"__class__\""},
      {"{{ self.__init__ }}", "'self' is undefined"},
      {"{{ self._TemplateReference__context }}", "'self' is undefined"},
      {"{% macro m() %}{% endmacro %}{{ m.__code__.co_filename }}",
       "'Macro object' has no attribute '__code__'"},
      {"{{ messages.append.__self__.x }}", "'function object' has no attribute '__self__'"},
  };
  std::vector<BadInput> out;
  for (const auto& [source, line] : rows)
    out.push_back({"HostileTemplate" + std::to_string(out.size()), kDemo, templated(source),
                   renders(kHi), std::string("chat_template.jinja:1: ") + line});
  return out;
}

std::vector<BadInput> template_choices() {
  const auto with = [](const ChatTemplateOptions& options) -> Attempt {
    return [options](const std::string& folder) -> Status {
      const auto tokenizer = Tokenizer::load(folder);
      if (!tokenizer) return std::unexpected(tokenizer.error());
      const auto prompt = (*tokenizer)->render(kHi, "", {.chat_template = options});
      if (!prompt) return std::unexpected(prompt.error());
      return {};
    };
  };
  const auto named = [](std::string_view list) {
    return [list = std::string(list)](CheckpointCopy& copy) {
      copy.remove(kTemplate);
      copy.write("tokenizer_config.json", R"({"chat_template": )" + list + "}");
    };
  };
  return {
      {"TemplateNobodyNamed", kDemo, nothing(), with({.name = "rag"}),
       R"(@: has no chat template "rag"; there is "default")"},
      {"TemplateOfSeveralNames", kDemo,
       named(R"([{"name": "rag", "template": "x"}, {"name": "a\"b", "template": "x"}])"), with({}),
       R"(@: has no chat template "default": one must be chosen by its name, of "a\"b", "rag")"},
      {"TemplateWithoutAName", kDemo, named(R"([{"template": "x"}])"), with({}),
       R"(@: tokenizer_config.json: "name": expected a string, but it is missing)"},
      {"TemplateNoString", kDemo, named(R"([{"name": "default", "template": 1}])"), with({}),
       R"(@: tokenizer_config.json: "template": expected a string, found 1)"},
      {"TemplateByNameAndSource", kDemo, nothing(), with({.name = "default", .source = "x"}),
       "chat template: expected a name or a source, found both"},
      {"BrokenTemplateOfTheCaller", kDemo, nothing(),
       with({.source = "{{", .source_name = "mine.jinja"}),
       "mine.jinja:1: a tag is not closed with }}"},
      {"TemplateOfTheCallerNoUtf8", kDemo, nothing(), with({.source = "\xff"}),
       "the chat template is not valid UTF-8 at byte 0 (0xff)"},
      {"TemplateArgumentsNoObject", kDemo, nothing(), with({.arguments = "[]"}),
       "template variables: expected an object, found an array of 0"},
      {"TemplateArgumentsNoUtf8", kDemo, nothing(), with({.arguments = "\xff"}),
       "template variables is not valid UTF-8 at byte 0 (0xff)"},
      {"TemplateTimeThatNeverWas", kDemo, nothing(),
       with({.now = CivilTime{.year = 2026, .month = 2, .day = 29}}),
       "chat template: expected a date and time that exist, found 2026-2-29 0:0:0"},
      {"TemplateTimeOfNoMonth", kDemo, nothing(),
       with({.now = CivilTime{.year = 2026, .month = -2147483647, .day = 1}}),
       "chat template: expected a date and time that exist, found 2026--2147483647-1 0:0:0"},
  };
}

// ---- messages and tools

std::vector<BadInput> chats_and_tools() {
  const auto chat = [](std::string name, std::string messages, std::string line) {
    return BadInput{std::move(name), kDemo, nothing(), chats(messages), std::move(line)};
  };
  const auto tools = [](std::string name, std::string text, std::string line) {
    return BadInput{std::move(name), kDemo, nothing(), chats(kHi, text), std::move(line)};
  };
  return {
      chat("NoMessages", "[]", "messages: expected at least one message"),
      chat("MessagesNoJson", "Hello",
           "messages: not valid JSON: expected a value at line 1, column 1 (byte 0)"),
      chat("MessagesNoArray", "{}", "messages: expected an array, found an object"),
      chat("MessageNoObject", "[1]", "messages[0]: expected an object, found 1"),
      chat("MessageWithoutRole", R"([{"content": "Hi"}])",
           R"(messages[0]: expected a string as "role", which is missing)"),
      chat("RoleNoString", R"([{"role": 1, "content": "Hi"}])",
           R"(messages[0]: expected a string as "role", found 1)"),
      chat("MessagesNoUtf8", "[{\"role\": \"user\", \"content\": \"\xff\"}]",
           "messages is not valid UTF-8 at byte 30 (0xff)"),
      chat("DuplicateKeyInMessage", R"([{"role": "user", "role": "system"}])",
           R"(messages: the key "role" twice)"),
      chat("DeepMessages", nested(100'000), "messages: JSON nested more than 64 deep"),
      chat(
          "PictureThatNobodySees",
          R"([{"role": "user", "content": [{"type": "text", "text": "What is this?"},)"
          R"({"type": "image", "image": "cat.png"}]}])",
          R"(messages[0]: content[1]: expected a part of type "text" (no other is in this build), )"
          R"(found "image")"),
      tools("ToolsNoJson", "x",
            "tools: not valid JSON: expected a value at line 1, column 1 (byte 0)"),
      tools("ToolsNoArray", "{}", "tools: expected an array, found an object"),
      tools("DeepTools", nested(100'000), "tools: JSON nested more than 64 deep"),
      tools("DuplicateKeyInTool", R"([{"a": 1, "a": 2}])", R"(tools: the key "a" twice)"),
  };
}

// ---- prompts, ids and the context

std::vector<BadInput> prompts() {
  const std::string words = repeated("feather ", 4200);
  return {
      {"PromptNoUtf8", kDemo, nothing(), reads("caf\xe9"),
       "the prompt is not valid UTF-8 at byte 3 (0xe9)"},
      {"PromptOfASurrogate", kDemo, nothing(), reads("\xed\xa0\x80"),
       "the prompt is not valid UTF-8 at byte 0 (0xed)"},
      {"EmptyPrompt", kDemo, nothing(), reads(""), "the prompt is empty"},
      {"NoIds", kTiny, nothing(), runs({}), "the prompt is empty"},
      {"PromptBeyondTheContext", kDemo, nothing(), reads("feather feather", {.context = 2}),
       "the prompt has 2 tokens, but the context of 2 leaves room for at most 1"},
      {"PromptThatFillsTheContext", kTiny, nothing(),
       runs(std::vector<int32_t>(64, 5), {.context = 64}),
       "the prompt has 64 tokens, but the context of 64 leaves room for at most 63"},
      {"PromptOneBeyondTheContext", kTiny, nothing(),
       runs(std::vector<int32_t>(65, 5), {.context = 64}),
       "the prompt has 65 tokens, but the context of 64 leaves room for at most 63"},
      {"PromptFarBeyondTheContext", kDemo, nothing(), reads(words, {.context = 64}),
       "the prompt has more than 1024 tokens, but the context of 64 leaves room for at most 63"},
      {"ContextOfOne", kTiny, nothing(), runs({5}, {.context = 1}),
       "the prompt has 1 tokens, but the context of 1 leaves room for at most 0"},
      {"IdBeyondTheVocabulary", kTiny, nothing(), runs({1, 320}),
       "the prompt: expected ids from 0 to 319, found 320 at position 1"},
      {"NegativeId", kTiny, nothing(), runs({-1}),
       "the prompt: expected ids from 0 to 319, found -1 at position 0"},
      {"ForwardBeyondTheVocabulary", kTiny, nothing(), forwards({.input_ids = {320}}),
       "input_ids: expected ids from 0 to 319, found 320 at position 0"},
      {"ForwardBeyondTheContext", kTiny, nothing(),
       forwards({.input_ids = std::vector<int32_t>(65, 5)}, {.context = 64}),
       "input_ids: 65 tokens do not fit the context of 64"},
      {"ForwardOfNothing", kTiny, nothing(), forwards({}),
       "forward: expected one of input ids, a prompt and an inputs file, found 0"},
      {"ForwardOfTwoThings", kTiny, nothing(), forwards({.input_ids = {1}, .prompt = "a"}),
       "forward: expected one of input ids, a prompt and an inputs file, found 2"},
      {"ForwardNoUtf8", kDemo, nothing(), forwards({.prompt = "\xff"}),
       "the prompt is not valid UTF-8 at byte 0 (0xff)"},
      {"StopStringNoUtf8", kDemo, nothing(),
       answers({.prompt = RawText{"Hi"}, .max_tokens = 1, .stop = {"\xff"}}),
       "stop string 0 is not valid UTF-8 at byte 0 (0xff)"},
  };
}

// ---- inputs of forward

std::vector<BadInput> input_files() {
  const StoredTensor two = i64_tensor({2}, {1, 1});
  return {
      inputs("InputsWithoutIds", {{"ids", two}}, "tensor \"input_ids\" is missing"),
      inputs(
          "InputsOfAnotherModel", {{"input_ids", two}, {"pixel_values", two}},
          "tensor \"pixel_values\": the model takes no pictures or videos, or was loaded without "
          "their encoder"),
      inputs("InputsOfNoKind", {{"input_ids", two}, {"input_features", two}},
             "tensor \"input_features\" is an input that this build does not take"),
      inputs("InputsWithPlacesAndNoPicture",
             {{"input_ids", two}, {"mm_token_type_ids", i64_tensor({2}, {0, 1})}},
             "mm_token_type_ids: position 1 is a place for a picture or video, but the file has "
             "none"),
      inputs(
          "InputsOfAStrangeType",
          {{"input_ids", two}, {"mm_token_type_ids", i64_tensor({2}, {0, 9})}},
          "mm_token_type_ids: expected 0 (text), 1 (picture) or 2 (video), found 9 at position 1"),
      inputs("InputsOfReals", {{"input_ids", f32_tensor({1}, {1})}},
             "input_ids: expected I64 or I32, found F32"),
      inputs("InputsOfNoRank", {{"input_ids", i64_tensor({}, {1})}},
             "input_ids: expected shape [T] or [1, T], found []"),
      inputs("InputsOfTwoRows", {{"input_ids", i64_tensor({2, 1}, {1, 1})}},
             "input_ids: expected shape [T] or [1, T], found [2, 1]"),
      inputs("InputsOfNothing", {{"input_ids", i64_tensor({1, 0}, {})}},
             "input_ids: expected at least one token, found none"),
      inputs("InputsBelowTheVocabulary", {{"input_ids", i64_tensor({2}, {1, -5})}},
             "input_ids: expected ids from 0 to 319, found -5 at position 1"),
      inputs("InputsBeyondTheVocabulary", {{"input_ids", i64_tensor({1}, {int64_t{1} << 40})}},
             "input_ids: expected ids from 0 to 319, found 1099511627776 at position 0"),
      inputs("InputsWithAMask", {{"input_ids", two}, {"attention_mask", i64_tensor({2}, {0, 1})}},
             "attention_mask: expected 1 everywhere (masked tokens are not in this build), found 0 "
             "at position 0"),
      inputs("InputsWithAMaskOfAnotherSize",
             {{"input_ids", two}, {"attention_mask", i64_tensor({3}, {1, 1, 1})}},
             "attention_mask: expected 2 numbers, as input_ids has, found 3"),
      {"InputsOfABillionIds", kTiny,
       [](CheckpointCopy& copy) {
         copy.write("in.safetensors",
                    safetensors_bytes(R"({"input_ids":{"dtype":"I64","shape":[1000000000],)"
                                      R"("data_offsets":[0,8000000000]}})",
                                      ""));
         const std::filesystem::path file = copy.path() / "in.safetensors";
         std::filesystem::resize_file(file, std::filesystem::file_size(file) + 8'000'000'000);
       },
       [](const std::string& folder) {
         return forwards({.inputs_file = folder + "/in.safetensors"})(folder);
       },
       "@/in.safetensors: input_ids: 1000000000 tokens do not fit the context of 4096"},
      {"InputsThatAreNotThere", kTiny, nothing(),
       [](const std::string& folder) {
         return forwards({.inputs_file = folder + "/none.safetensors"})(folder);
       },
       "@/none.safetensors: cannot be opened: No such file or directory"},
      {"OutputInNoFolder", kTiny, nothing(),
       [](const std::string& folder) -> Status {
         const auto engine = Engine::load({.model = folder, .threads = 1});
         if (!engine) return std::unexpected(engine.error());
         return (*engine)->forward({.input_ids = {1}}, folder + "/none/out.safetensors");
       },
       "@/none/out.safetensors: cannot be written: No such file or directory"},
      {"OutputIsAFolder", kTiny, nothing(),
       [](const std::string& folder) -> Status {
         const auto engine = Engine::load({.model = folder, .threads = 1});
         if (!engine) return std::unexpected(engine.error());
         return (*engine)->forward({.input_ids = {1}}, folder);
       },
       "@: is a folder, not a file"},
  };
}

// ---- options

std::vector<BadInput> options() {
  const auto option = [](std::string name, const LoadOptions& load, std::string line) {
    return BadInput{std::move(name), kTiny, nothing(), loads(load), std::move(line)};
  };
  const auto sampled = [](std::string name, const Sampling& sampling, std::string line) {
    return BadInput{std::move(name), kTiny, nothing(), samples(sampling), std::move(line)};
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  return {
      option("BatchOfNothing", {.batch = 0}, "batch: expected 1 to 65536 rows, found 0"),
      option("NegativeBatch", {.batch = -1}, "batch: expected 1 to 65536 rows, found -1"),
      option("HugeBatch", {.batch = 1'000'000'000},
             "batch: expected 1 to 65536 rows, found 1000000000"),
      option("NegativeThreads", {.threads = -1},
             "threads: expected 0 (one per processor) to 1024, found -1"),
      option("HugeThreads", {.threads = 1'000'000'000},
             "threads: expected 0 (one per processor) to 1024, found 1000000000"),
      option("NegativeContext", {.context = -1},
             "context: expected 0 (the model's) or more, found -1"),
      option("ContextBeyondTheModels", {.context = 4097},
             "context: expected 1 to 4096 (max_position_embeddings), found 4097"),
      option("BackendOfALaterBuild", {.backend = Backend::kWebGpu},
             "backend webgpu is not in this build"),
      sampled("TemperatureNotANumber", {.temperature = nan},
              "temperature: expected 0 to 100, found nan"),
      sampled("TemperatureInfinite", {.temperature = infinity},
              "temperature: expected 0 to 100, found inf"),
      sampled("TemperatureNegative", {.temperature = -1},
              "temperature: expected 0 to 100, found -1"),
      sampled("TopKNegative", {.top_k = -1}, "top-k: expected 0 (off) or more, found -1"),
      sampled("TopPZero", {.top_p = 0}, "top-p: expected above 0 to 1, found 0"),
      sampled("TopPTwo", {.top_p = 2}, "top-p: expected above 0 to 1, found 2"),
      sampled("MinPNotANumber", {.min_p = nan}, "min-p: expected 0 to 1, found nan"),
      {"MaxTokensNegative", kTiny, nothing(), answers({.prompt = TokenIds{{1}}, .max_tokens = -1}),
       "max-tokens: expected 0 (no limit) or more, found -1"},
  };
}

}  // namespace

std::vector<BadInput> bad_requests() {
  std::vector<BadInput> all;
  for (const auto& part : {tokenizers(), templates(), hostile_templates(), template_choices(),
                           chats_and_tools(), prompts(), input_files(), options()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace gerbil::testing
