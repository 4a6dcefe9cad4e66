import type { Example } from "../../contract/index.js";
import { groupBy } from "../group-by.js";
import { answerOf } from "../identity.js";
import type { KeyedExample } from "../keyed-example.js";

/** Rows whose lengths say what "not long" means, and from which the fixed and the covering sets are chosen. */
export const poolRows = 20_000;

/** Longest worked example in characters: the median of the first rows of the training split, whatever selection is asked for. */
export function longestShotCharacters(train: readonly Pick<KeyedExample, "characters">[]): number {
  const lengths = train.slice(0, poolRows).map(({ characters }) => characters).sort((left, right) => left - right);
  return lengths[Math.floor(lengths.length / 2)] ?? Infinity;
}

/**
 * Rows that can serve as worked examples, one per question: single-turn, of at most `longest` characters, and with one
 * answer wherever the question is asked again.
 * @param nameOf what makes two rows ask the same
 */
export function shotPool(train: readonly KeyedExample[], longest: number, nameOf: (row: KeyedExample) => string): Example[] {
  return [...groupBy(train, nameOf, (row) => row).values()].flatMap(([first, ...others]) => {
    if (first === undefined || first.characters > longest || others.some((other) => answerOf(other.example) !== answerOf(first.example))) return [];
    return first.example.messages.filter((message) => message.role !== "system").length === 2 ? [first.example] : [];
  });
}
