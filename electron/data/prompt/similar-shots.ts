import type { Example } from "../../contract/index.js";
import { firstInOrder } from "../first-in-order.js";
import { keyExamples } from "../keyed-example.js";
import { promptOf } from "../identity.js";
import { SimilarityIndex } from "./similarity-index.js";
import { longestShotCharacters, shotPool } from "./shot-pool.js";
import { questionKey, withoutSystem, type Shots } from "./shots.js";

/** More rows than this add little to a neighbourhood and much to memory; which of them is drawn by name, always the same. */
const mostIndexed = 131_072;
const drawSeed = 1;

/**
 * For each row the training rows whose questions are most like its own, the most similar last, next to the question. Where
 * fewer than asked share anything with it, shots of `otherwise` stand before them. Throws FailureError when it is stopped.
 */
export async function similarShots(train: readonly Example[], otherwise: Shots, signal: AbortSignal): Promise<Shots> {
  const keyed = await keyExamples(train);
  const pool = shotPool(keyed, longestShotCharacters(keyed), ({ example }) => questionKey(example));
  const drawn = pool.length <= mostIndexed ? pool : await firstInOrder(pool, ({ id }) => id, drawSeed, mostIndexed);
  const rows = [...drawn].sort((left, right) => (left.id < right.id ? -1 : 1));
  const questions = rows.map(questionKey);
  const index = await SimilarityIndex.build(rows.map(questionText), signal);
  return {
    mostPromptTokens: otherwise.mostPromptTokens,
    choose(example, count) {
      if (count === 0) return [];
      const own = questionKey(example);
      const found = index.nearest(questionText(example), count, (row) => questions[row] !== own).flatMap(({ row }) => rows[row] ?? []);
      const known = new Set(found.map(questionKey));
      const others = found.length === count ? [] : otherwise.choose(example, count + found.length).filter((shot) => !known.has(questionKey(shot))).slice(0, count - found.length);
      // Filled up in front: what is dropped first when room is short is the least like the question.
      return [...found, ...others].reverse();
    },
  };
}

const questionText = (example: Pick<Example, "messages">): string => withoutSystem(promptOf(example)).filter(({ role }) => role === "user").map(({ content }) => content).join("\n");
