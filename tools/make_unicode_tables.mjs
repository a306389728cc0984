#!/usr/bin/env node
// Makes src/text/unicode_tables.cc from Unicode's own data, as the npm packages @unicode/unicode-X.0.0 hold it
// (MIT; the data are Unicode's, under the Unicode License v3).
//
//   npm install @unicode/unicode-{8,9,14,16,17}.0.0
//   tools/make_unicode_tables.mjs node_modules > src/text/unicode_tables.cc
//
// Why five versions: the ids must be those of Hugging Face's Rust library, and each part of it has tables of its own
// age (found by asking it about every code point): regular expressions Unicode 16, char::is_numeric and to_lowercase
// 17, normalisation 9, punctuation 8. This project's PCRE2 and utf8proc have 14.
import {createRequire} from 'module';
import path from 'path';

const root = path.resolve(process.argv[2] ?? 'node_modules');
const require = createRequire(import.meta.url);
const kEnd = 0x110000;
const kNames = {
  Cc: 'Control', Cf: 'Format', Cn: 'Unassigned', Co: 'Private_Use', Cs: 'Surrogate', Ll: 'Lowercase_Letter',
  Lm: 'Modifier_Letter', Lo: 'Other_Letter', Lt: 'Titlecase_Letter', Lu: 'Uppercase_Letter', Mc: 'Spacing_Mark',
  Me: 'Enclosing_Mark', Mn: 'Nonspacing_Mark', Nd: 'Decimal_Number', Nl: 'Letter_Number', No: 'Other_Number',
  Pc: 'Connector_Punctuation', Pd: 'Dash_Punctuation', Pe: 'Close_Punctuation', Pf: 'Final_Punctuation',
  Pi: 'Initial_Punctuation', Po: 'Other_Punctuation', Ps: 'Open_Punctuation', Sc: 'Currency_Symbol',
  Sk: 'Modifier_Symbol', Sm: 'Math_Symbol', So: 'Other_Symbol', Zl: 'Line_Separator', Zp: 'Paragraph_Separator',
  Zs: 'Space_Separator'};
const kCategories = Object.keys(kNames);

async function load(version, name) {
  const file = path.join(root, '@unicode', `unicode-${version}.0.0`, name);
  try {
    return (await import(file + '.mjs')).default;
  } catch {
    return require(file + '.js');
  }
}

async function categories(version) {
  const out = new Array(kEnd).fill('Cn');
  for (const category of kCategories) {
    if (category === 'Cn') continue;
    for (const c of await load(version, `General_Category/${kNames[category]}/code-points`)) out[c] = category;
  }
  return out;
}

const hex = c => '0x' + c.toString(16).toUpperCase();

// Neighbours of one value as [first, last, value].
function ranges(value_of) {
  const out = [];
  for (let c = 0; c < kEnd; ++c) {
    const value = value_of(c);
    if (value === null || value === false) continue;
    const last = out.at(-1);
    if (last && last[1] === c - 1 && last[2] === value) last[1] = c;
    else out.push([c, c, value]);
  }
  return out;
}

function rows(list, text_of) {
  let out = '', line = '   ';
  for (const row of list) {
    const text = ' ' + text_of(row) + ',';
    if (line.length + text.length > 100) { out += line + '\n'; line = '   '; }
    line += text;
  }
  return out + line + '\n';
}

const cat = {};
for (const version of [8, 9, 14, 16, 17]) cat[version] = await categories(version);
const lower14 = await load(14, 'Simple_Case_Mapping/Lowercase/code-points');
const lower17 = await load(17, 'Simple_Case_Mapping/Lowercase/code-points');

const blocks = new Map();
const index = [];
for (let begin = 0; begin < kEnd; begin += 256) {
  const block = cat[16].slice(begin, begin + 256)
                    .map(category => String.fromCharCode(65 + kCategories.indexOf(category))).join('');
  if (!blocks.has(block)) blocks.set(block, blocks.size);
  index.push(blocks.get(block));
}
if (blocks.size > 256) throw new Error('more than 256 blocks');

let block_text = '';
for (const block of blocks.keys())
  for (let i = 0; i < 256; i += 64)
    block_text += `    "${block.slice(i, i + 64)}"\n`.replaceAll('\\', '\\\\');

const range = ([first, last]) => `{${hex(first)}, ${hex(last)}}`;
const lower = [];
for (const [c, to] of lower17) if (lower14.get(c) !== to) lower.push([c, to]);
lower.sort((a, b) => a[0] - b[0]);
const decomposes = c => !(c >= 0xD800 && c < 0xE000) &&
    String.fromCodePoint(c).normalize('NFKD') !== String.fromCodePoint(c);

process.stdout.write(`// Made by tools/make_unicode_tables.mjs from Unicode's data: do not edit.
#include "text/unicode_tables.h"

// clang-format off
namespace gerbil::text {

const uint8_t kCategoryBlock[${index.length}] = {
${rows(index, String)}};

// 'A' + category
const char kCategoryOfBlock[] =
${block_text.trimEnd()};

const CategoryRange kCategoriesSince14[${ranges(c => cat[14][c] !== cat[16][c] && cat[16][c]).length}] = {
${rows(ranges(c => cat[14][c] !== cat[16][c] && cat[16][c]),
       r => `{${hex(r[0])}, ${hex(r[1])}, Category::k${r[2]}}`)}};

const CodepointRange kNumbersSince16[${ranges(c => cat[17][c][0] === 'N' && cat[16][c][0] !== 'N').length}] = {
${rows(ranges(c => cat[17][c][0] === 'N' && cat[16][c][0] !== 'N'), range)}};

const CodepointRange kPunctuationChangedSince8[${ranges(c => (cat[8][c][0] === 'P') !== (cat[16][c][0] === 'P')).length}] = {
${rows(ranges(c => (cat[8][c][0] === 'P') !== (cat[16][c][0] === 'P')), range)}};

const CodepointRange kNormalizedSince9[${ranges(c => cat[9][c] === 'Cn' && (cat[14][c][0] === 'M' || decomposes(c))).length}] = {
${rows(ranges(c => cat[9][c] === 'Cn' && (cat[14][c][0] === 'M' || decomposes(c))), range)}};

const CodepointRange kMarksChangedSince9[${ranges(c => (cat[9][c][0] === 'M') !== (cat[16][c][0] === 'M')).length}] = {
${rows(ranges(c => (cat[9][c][0] === 'M') !== (cat[16][c][0] === 'M')), range)}};

const LowercasePair kLowercaseSince14[${lower.length}] = {
${rows(lower, ([c, to]) => `{${hex(c)}, ${hex(to)}}`)}};

}  // namespace gerbil::text
`);
