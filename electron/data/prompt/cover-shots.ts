import { createRandom, deriveSeed } from "../../stats/index.js";
import type { Example } from "../../contract/index.js";
import { promptOf } from "../identity.js";
import type { KeyedExample } from "../keyed-example.js";
import { queuesByKind } from "./choose-shots.js";
import { dot, SimilarityIndex } from "./similarity-index.js";
import { longestShotCharacters, poolRows, shotPool } from "./shot-pool.js";
import { shotsKept } from "./shots.js";

/**
 * The "coverage" worked examples: each kind of answer in turn, the commonest first, and of each kind the row whose question
 * is farthest from all chosen so far (Gonzalez 1985: within a factor of two of the best cover). Any beginning of the list
 * is itself such a choice. The seed draws the first row; equals go to the earlier row. Throws FailureError when it is stopped.
 */
export async function coverShots(train: readonly KeyedExample[], seed: number, signal: AbortSignal): Promise<Example[]> {
  const first = train.slice(0, poolRows);
  const pool = shotPool(first, longestShotCharacters(first), ({ group }) => group);
  const index = await SimilarityIndex.build(pool.map((row) => promptOf(row).filter(({ role }) => role === "user").map(({ content }) => content).join("\n")), signal);
  const random = createRandom(deriveSeed(seed, "coverage"));
  const queues = queuesByKind(pool);
  /** Similarity of each row to the chosen one most like it. */
  const nearest = new Float64Array(pool.length);
  const chosen: number[] = [];
  const take = (place: number): void => {
    chosen.push(place);
    const vector = index.vector(place);
    for (let row = 0; row < pool.length; row += 1) nearest[row] = Math.max(nearest[row] ?? 0, dot(vector, index.vector(row)));
  };
  while (chosen.length < shotsKept && queues.some((queue) => queue.length > 0)) {
    for (const queue of queues) {
      if (queue.length === 0 || chosen.length >= shotsKept) continue;
      const at = chosen.length === 0 ? Math.floor(random() * queue.length) : farthest(queue, nearest);
      const [place] = queue.splice(at, 1);
      if (place !== undefined) take(place);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
  return chosen.flatMap((place) => pool[place] ?? []);
}

function farthest(queue: readonly number[], nearest: Float64Array): number {
  let best = 0;
  for (const [at, place] of queue.entries()) if ((nearest[place] ?? 0) < (nearest[queue[best] ?? 0] ?? 0)) best = at;
  return best;
}
