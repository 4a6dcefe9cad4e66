import { normalised } from "../identity.js";

/** Features are hashed into this many places: 2^20 of them keep collisions rare among the words of a data set. */
export const featurePlaces = 2 ** 20;

/** A longer question is known by its beginning and its end, so that one row cannot cost as much as a thousand. */
const halfCharacters = 1000;

/**
 * The words of a text, and the runs of three characters in each of them with its borders marked: words carry the meaning,
 * runs find other forms of a word, misspellings, and scripts written without blanks.
 * @returns hashed features in rising order, each as often as it occurs
 */
export function featuresOf(text: string): Uint32Array {
  const cut = text.length <= 2 * halfCharacters ? text : `${text.slice(0, halfCharacters)} ${text.slice(-halfCharacters)}`;
  const features: number[] = [];
  for (const word of normalised(cut).split(" ")) {
    if (word === "") continue;
    features.push(hash(word, 0, word.length, wordSeed));
    const marked = `^${word}$`;
    for (let from = 0; from + 3 <= marked.length; from += 1) features.push(hash(marked, from, from + 3, runSeed));
  }
  return Uint32Array.from(features).sort();
}

const wordSeed = 0x811c9dc5;
const runSeed = 0x2f0b4a27;

/** FNV-1a (Fowler, Noll and Vo) over UTF-16 code units; the upper bits are folded onto the lower ones, as its authors advise. */
function hash(text: string, from: number, to: number, seed: number): number {
  let state = seed;
  for (let at = from; at < to; at += 1) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  return ((state >>> 20) ^ state) & (featurePlaces - 1);
}
