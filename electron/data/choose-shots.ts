import { createRandom, deriveSeed } from "../stats/index.js";
import type { Example } from "../contract/index.js";
import { shotsKept } from "./compose-conversation.js";
import { groupBy } from "./group-by.js";
import { answerOf } from "./identity.js";
import type { KeyedExample } from "./keyed-example.js";
import { kindsOfAnswers } from "./operators.js";

/**
 * Worked examples for few-shot prompts, chosen once per run from the training split: single-turn rows of at most median length whose
 * question has one answer, taking each kind of answer in turn, the commonest first.
 */
export function chooseShots(train: readonly KeyedExample[], seed: number): Example[] {
  const lengths = train.map(({ characters }) => characters).sort((left, right) => left - right);
  const median = lengths[Math.floor(lengths.length / 2)] ?? Infinity;
  const fit = [...groupBy(train, ({ group }) => group, (row) => row).values()].flatMap(([first, ...others]) => {
    if (first === undefined || first.characters > median || others.some((other) => answerOf(other.example) !== answerOf(first.example))) return [];
    return first.example.messages.filter((message) => message.role !== "system").length === 2 ? [first.example] : [];
  });
  const random = createRandom(deriveSeed(seed, "shots"));
  const kindOf = kindsOfAnswers(fit.map(answerOf));
  const kinds = groupBy(fit.entries(), ([index]) => kindOf[index] ?? "", ([, row]) => row);
  const queues = [...kinds.values()].sort((left, right) => right.length - left.length).slice(0, shotsKept);
  const chosen: Example[] = [];
  while (chosen.length < shotsKept && queues.some((queue) => queue.length > 0)) {
    for (const queue of queues) {
      if (queue.length === 0 || chosen.length >= shotsKept) continue;
      const [row] = queue.splice(Math.floor(random() * queue.length), 1);
      if (row !== undefined) chosen.push(row);
    }
  }
  return chosen;
}
