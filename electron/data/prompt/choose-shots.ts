import { createRandom, deriveSeed } from "../../stats/index.js";
import type { Example } from "../../contract/index.js";
import { groupBy } from "../group-by.js";
import { answerOf } from "../identity.js";
import type { KeyedExample } from "../keyed-example.js";
import { kindsOfAnswers } from "../operators.js";
import { longestShotCharacters, shotPool } from "./shot-pool.js";
import { shotsKept } from "./shots.js";

/**
 * The "fixed" worked examples, chosen once per run from the training split: rows of the pool, drawn at random, taking each
 * kind of answer in turn, the commonest first.
 */
export function chooseShots(train: readonly KeyedExample[], seed: number): Example[] {
  const pool = shotPool(train, longestShotCharacters(train), ({ group }) => group);
  const random = createRandom(deriveSeed(seed, "shots"));
  const queues = queuesByKind(pool);
  const chosen: Example[] = [];
  while (chosen.length < shotsKept && queues.some((queue) => queue.length > 0)) {
    for (const queue of queues) {
      if (queue.length === 0 || chosen.length >= shotsKept) continue;
      const [place] = queue.splice(Math.floor(random() * queue.length), 1);
      const row = pool[place ?? -1];
      if (row !== undefined) chosen.push(row);
    }
  }
  return chosen;
}

/** Places of the pool by kind of answer, the commonest kind first; as many kinds as worked examples are kept. */
export function queuesByKind(pool: readonly Example[]): number[][] {
  const kindOf = kindsOfAnswers(pool.map(answerOf));
  return [...groupBy(pool.keys(), (place) => kindOf[place] ?? "", (place) => place).values()].sort((left, right) => right.length - left.length).slice(0, shotsKept);
}
