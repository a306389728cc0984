#!/usr/bin/env node
// Renders chat templates with gerbil and with npm's @huggingface/jinja and prints where the two
// differ.
//
//   tools/compare_chat_templates.mjs PACKAGES GERBIL [--save FILE] TEMPLATE...
//
// PACKAGES: a folder where `npm install @huggingface/jinja` was run. GERBIL: the program.
// TEMPLATE: NAME.jinja, or NAME.json with {"template", "variables" (bos_token, ...), "data" (a
// context of its own beside those of this file)}. --save: also writes the prompts that both agree
// on, as chat_template_test.cc reads them. Exit code 1 where prompts differ; an
// error of both is agreement, whatever it says.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

const [packages, gerbil, ...rest] = process.argv.slice(2);
const save = rest[0] === "--save" ? rest.splice(0, 2)[1] : null;
if (!packages || !gerbil || rest.length === 0) {
  console.error("usage: compare_chat_templates.mjs PACKAGES GERBIL [--save FILE] TEMPLATE...");
  process.exit(2);
}
const { Template } = createRequire(resolve(packages, "index.js"))("@huggingface/jinja");

// The same moment for both.
const kTime = "2026-02-28T23:05:09";
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length > 0 ? given : [kTime]));
  }
};

const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather of a place, e.g. \"Oslo\" & <more>.",
    parameters: {
      type: "object",
      properties: {
        location: { type: "string", description: "City, state" },
        unit: { type: "string", enum: ["celsius", "fahrenheit"] },
        days: { type: "integer", default: 1 },
      },
      required: ["location"],
    },
    return: { type: "string", description: "A sentence" },
  },
};
const call = (args) => ({ id: "call_0a1b2c3d", type: "function", function: { name: "get_weather", arguments: args } });
const user = (content) => ({ role: "user", content });
const assistant = (content, more = {}) => ({ role: "assistant", content, ...more });
const system = { role: "system", content: "You are terse. " };
const objects = { location: "Oslo", days: 2, exact: true, note: null, extra: { a: [1, 2.5, "ü<&>'\""] } };
const tool_turns = (args) => [
  user("Weather in Oslo?"),
  assistant("", { tool_calls: [call(args)] }),
  { role: "tool", name: "get_weather", tool_call_id: "call_0a1b2c3d", content: "{\"sky\": \"clear\"}" },
];
const contexts = {
  one: { messages: [user("Hi")] },
  bare: { messages: [user("Hi")], add_generation_prompt: false },
  turns: { messages: [user(" Hi\n"), assistant("Hello! \n"), user("日本語 😀\t<|x|> {{ y }}")] },
  system: { messages: [system, user("Hi"), assistant("Hello!"), user("Bye")] },
  thinking: { messages: [user("1+1?"), assistant("<think>\nhmm\n</think>\n\n2"), user("2+2?")], enable_thinking: true },
  no_thinking: { messages: [system, user("1+1?")], enable_thinking: false },
  reasoning: { messages: [user("a"), assistant("b", { reasoning_content: "r\n" }), user("c"), assistant("d", { reasoning_content: "s" })], add_generation_prompt: false },
  tools: { messages: [system, user("Weather?")], tools: [weather] },
  call: { messages: tool_turns(objects), tools: [weather] },
  call_string: { messages: tool_turns(JSON.stringify(objects)), tools: [weather] },
  two_calls: { messages: [system, user("?"), assistant("Let me see.", { tool_calls: [call({ location: "a" }), call({ location: "b" })] }),
    { role: "tool", name: "get_weather", tool_call_id: "call_0a1b2c3d", content: "1" }, { role: "tool", name: "get_weather", tool_call_id: "call_0a1b2c3d", content: "2" }, assistant("Done."), user("Thanks")] },
  parts: { messages: [{ role: "user", content: [{ type: "text", text: "What is this?" }, { type: "image" }, { type: "text", text: "!" }] }] },
  assistants: { messages: [user("a"), assistant("b"), assistant("c")] },
  two_users: { messages: [user("a"), user("b")] },
};

const folder = mkdtempSync(join(tmpdir(), "compare-"));
writeFileSync(join(folder, "config.json"), "{}");

function with_npm(source, context) {
  try {
    return { text: new Template(source).render(context) };
  } catch (error) {
    return { error: String(error.message).split("\n")[0] };
  }
}

function with_gerbil(source, context) {
  const { messages, tools, add_generation_prompt, ...variables } = context;
  writeFileSync(join(folder, "t.jinja"), source);
  writeFileSync(join(folder, "messages.json"), JSON.stringify(messages));
  const args = ["template", folder, "--messages", join(folder, "messages.json"), "--chat-template",
    join(folder, "t.jinja"), "--template-args", JSON.stringify(variables), "--template-time", kTime];
  if (tools) {
    writeFileSync(join(folder, "tools.json"), JSON.stringify(tools));
    args.push("--tools", join(folder, "tools.json"));
  }
  if (!add_generation_prompt) args.push("--no-generation-prompt");
  try {
    return { text: execFileSync(gerbil, args, { encoding: "utf8", stdio: "pipe" }) };
  } catch (error) {
    return { error: String(error.stderr).trim() };
  }
}

// Where two texts part.
function difference(a, b) {
  let at = 0;
  while (at < a.length && a[at] === b[at]) ++at;
  const near = (text) => JSON.stringify(text.slice(Math.max(0, at - 40), at + 60));
  return `at ${at}:\n    npm    ${near(a)}\n    gerbil ${near(b)}`;
}

let same = 0, errors = 0, different = 0;
const saved = [];
for (const file of rest) {
  const name = basename(file).replace(/\.(jinja|json)$/, "");
  const text = readFileSync(file, "utf8");
  const entry = file.endsWith(".json") ? JSON.parse(text) : { template: text };
  const variables = entry.variables ?? { bos_token: "<s>", eos_token: "</s>" };
  const all = { ...contexts, ...(entry.data ? { own: entry.data } : {}) };
  const prompts = {};
  for (const [id, context] of Object.entries(all)) {
    const filled = id === "own" ? { add_generation_prompt: false, ...context } : { add_generation_prompt: true, ...variables, ...context };
    if (!Array.isArray(filled.messages)) continue;
    const npm = with_npm(entry.template, filled);
    const own = with_gerbil(entry.template, filled);
    if (npm.error !== undefined && own.error !== undefined) {
      ++errors;
    } else if (npm.text !== undefined && npm.text === own.text) {
      ++same;
      if (id !== "own") prompts[id] = own.text;
    } else {
      ++different;
      console.log(`${name}, ${id}: ` + (npm.error !== undefined ? `npm: ${npm.error}`
        : own.error !== undefined ? own.error : difference(npm.text, own.text)));
    }
  }
  saved.push({ name, template: entry.template, variables, prompts });
}
rmSync(folder, { recursive: true });
if (save) {
  // Messages, tools and variables are JSON text, as gerbil takes them.
  const first = { time: kTime, contexts: {} };
  for (const [id, { messages, tools, add_generation_prompt, ...variables }] of Object.entries(contexts)) {
    first.contexts[id] = {
      messages: JSON.stringify(messages), tools: tools ? JSON.stringify(tools) : "",
      variables: JSON.stringify(variables), add_generation_prompt: add_generation_prompt ?? true,
    };
  }
  writeFileSync(save, [first, ...saved].map((line) => JSON.stringify(line)).join("\n") + "\n");
}
console.log(`${rest.length} templates: ${same} prompts are the same, ${errors} errors of both, ${different} differ`);
process.exit(different > 0 ? 1 : 0);
