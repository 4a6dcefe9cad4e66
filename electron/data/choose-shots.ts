import { createRandom, deriveSeed } from "../stats/index.js";
import type { Example } from "../contract/index.js";
import { shotsKept } from "./compose-conversation.js";
import { groupBy } from "./group-by.js";
import { charactersOf } from "./import-rows.js";
import { answerOf, groupKey } from "./identity.js";
import { kindsOfAnswers } from "./operators.js";

/**
 * Worked examples for few-shot prompts, chosen once per run from the training split: single-turn rows of at most median length whose
 * question has one answer, taking each kind of answer in turn, the commonest first.
 */
export function chooseShots(train: readonly Example[], seed: number): Example[] {
  const answersOfGroup = new Map<string, Set<string>>();
  const keys = train.map(groupKey);
  for (const [index, row] of train.entries()) {
    const key = keys[index] ?? "";
    answersOfGroup.set(key, (answersOfGroup.get(key) ?? new Set()).add(answerOf(row)));
  }
  const lengths = train.map(charactersOf).sort((left, right) => left - right);
  const median = lengths[Math.floor(lengths.length / 2)] ?? Infinity;
  const seen = new Set<string>();
  const fit = train.filter((row, index) => {
    const key = keys[index] ?? "";
    const good = (answersOfGroup.get(key)?.size ?? 0) === 1 && !seen.has(key) && charactersOf(row) <= median && row.messages.filter((message) => message.role !== "system").length === 2;
    if (good) seen.add(key);
    return good;
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
