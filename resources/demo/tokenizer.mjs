/**
 * A byte-level BPE tokenizer of about a thousand tokens, trained on the generators' own text. llama.cpp reads it as
 * `gpt2` with the `qwen2` pre-tokenizer. One choice is its own: a merge never joins a word to the space or quote before
 * it, so a word has the same tokens in a sentence and inside JSON, and copying it is copying tokens.
 */
export const specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

/** The qwen2 pre-tokenizer as llama.cpp has it (src/llama-vocab.cpp). */
const pieces = /'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;

/** GPT-2's printable stand-in for each byte, so that tokens are text in the file. */
const byteCharacters = (() => {
  const printable = (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let spare = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : spare++));
})();
const encoder = new TextEncoder();
const asCharacters = (text) => Array.from(encoder.encode(text), (byte) => byteCharacters[byte]);

/** The letters of a piece, and what stands before them: merged apart. */
function parts(piece) {
  const letters = piece.search(/\p{L}/u);
  return letters > 0 && !piece.startsWith("'") ? [piece.slice(0, letters), piece.slice(letters)] : [piece];
}

function mergePair(symbols, left, right) {
  const merged = [];
  for (let at = 0; at < symbols.length; at += 1) {
    if (symbols[at] === left && symbols[at + 1] === right) {
      merged.push(left + right);
      at += 1;
    } else merged.push(symbols[at]);
  }
  return merged;
}

/** Greedy merges by frequency; equal counts go to the pair that sorts first, so the result depends on the text alone. */
export function trainTokenizer(texts, mergeCount) {
  const counts = new Map();
  for (const text of texts) {
    for (const piece of text.match(pieces) ?? []) for (const part of parts(piece)) counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  const words = [...counts].map(([part, count]) => ({ symbols: asCharacters(part), count }));
  const merges = [];
  while (merges.length < mergeCount) {
    const pairs = new Map();
    for (const { symbols, count } of words) {
      for (let at = 0; at + 1 < symbols.length; at += 1) {
        const pair = `${symbols[at]} ${symbols[at + 1]}`;
        pairs.set(pair, (pairs.get(pair) ?? 0) + count);
      }
    }
    let best = null;
    for (const [pair, count] of pairs) if (best === null || count > best.count || (count === best.count && pair < best.pair)) best = { pair, count };
    if (best === null || best.count < 2) break;
    merges.push(best.pair);
    const [left, right] = best.pair.split(" ");
    for (const word of words) if (word.symbols.includes(left)) word.symbols = mergePair(word.symbols, left, right);
  }
  const tokens = [...byteCharacters, ...new Set(merges.map((pair) => pair.replace(" ", ""))), ...specialTokens];
  return { tokens, merges };
}

/** Text to token ids; special tokens are never made from text. */
export function createEncoder({ tokens, merges }) {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const ranks = new Map(merges.map((pair, rank) => [pair, rank]));
  const known = new Map();
  const encodePiece = (piece) => {
    let symbols = asCharacters(piece);
    for (;;) {
      let best = null;
      for (let at = 0; at + 1 < symbols.length; at += 1) {
        const rank = ranks.get(`${symbols[at]} ${symbols[at + 1]}`);
        if (rank !== undefined && (best === null || rank < best.rank)) best = { rank, left: symbols[at], right: symbols[at + 1] };
      }
      if (best === null) return symbols.map((symbol) => ids.get(symbol));
      symbols = mergePair(symbols, best.left, best.right);
    }
  };
  const encode = (text) => (text.match(pieces) ?? []).flatMap((piece) => {
    let found = known.get(piece);
    if (found === undefined) known.set(piece, (found = encodePiece(piece)));
    return found;
  });
  const special = Object.fromEntries(specialTokens.map((token) => [token, ids.get(token)]));
  return { encode, special };
}

export const chatTemplate = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** ChatML, as the template above renders it; the assistant's words and the end of its turn are what is learned. */
export function tokenizeConversation({ encode, special }, messages) {
  const tokens = [];
  const train = [];
  for (const { role, content, unknowable } of messages) {
    tokens.push(special["<|im_start|>"], ...encode(`${role}\n`));
    const start = tokens.length;
    tokens.push(...encode(content), special["<|im_end|>"]);
    if (role === "assistant" && unknowable !== true) train.push([start, tokens.length]);
    tokens.push(...encode("\n"));
  }
  return { tokens, train };
}
