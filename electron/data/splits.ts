import { fail, ok, type Result, type SplitName, type SplitSizes } from "../contract/index.js";
import { createBreather } from "./breather.js";
import { firstInOrder } from "./first-in-order.js";
import type { RowFacts } from "./import-rows.js";

/** Which split a row goes to; "repeat": another wording or copy of a held-out row, used nowhere. */
export type Place = SplitName | "repeat";

export interface SplitPlan {
  /** One place per accepted row, in file order. */
  readonly places: readonly Place[];
  /** Held-out rows by split, in the fixed order in which they are scored. */
  readonly order: Readonly<Record<Exclude<SplitName, "train">, readonly number[]>>;
  readonly sizes: SplitSizes;
  readonly warnings: readonly string[];
}

/** So many different questions are needed: 15 % of them is the smallest split that says anything. */
export const fewestPrompts = 60;
const largestShare = 0.15;
const heldOut = ["dev-search", "dev-select", "vault"] as const;

/**
 * Splits by question, not by row: all rows with the same normalised prompt go to one place. A held-out split gets one row
 * per question, and only questions whose rows agree on the answer, since nothing can answer the others right. The order
 * depends on the seed and the questions alone, not on where they lie in the file.
 */
export async function planSplits(rows: readonly RowFacts[], seed: number, wanted: { devSearch: number; devSelect: number; vault: number }): Promise<Result<SplitPlan>> {
  const answerable = await undisputedGroups(rows);
  if (answerable.length < fewestPrompts) {
    return fail("DATA", "data.too_few", `The data holds ${answerable.length} different questions with one answer each; at least ${fewestPrompts} are needed to train and to measure honestly.`, "Add examples, or check the rejected rows in the import report.");
  }
  const largest = Math.floor(answerable.length * largestShare);
  const sizes = { "dev-search": Math.min(wanted.devSearch, largest), "dev-select": Math.min(wanted.devSelect, largest), vault: Math.min(wanted.vault, largest) };
  const asked = { "dev-search": wanted.devSearch, "dev-select": wanted.devSelect, vault: wanted.vault };
  const warnings = heldOut.filter((split) => sizes[split] < asked[split]).map((split) => `${split} has ${sizes[split]} items instead of ${asked[split]}: a split takes at most ${largestShare * 100} % of the ${answerable.length} questions.`);

  const ordered = await firstInOrder(answerable, (group) => group.name, seed, sizes["dev-search"] + sizes["dev-select"] + sizes.vault);
  const places: Place[] = rows.map(() => "train");
  const order: Record<(typeof heldOut)[number], number[]> = { "dev-search": [], "dev-select": [], vault: [] };
  let next = 0;
  for (const split of heldOut) {
    for (const { members } of ordered.slice(next, next + sizes[split])) {
      const [first, ...others] = members;
      if (first === undefined) continue;
      places[first] = split;
      order[split].push(first);
      for (const other of others) places[other] = "repeat";
    }
    next += sizes[split];
  }
  return ok({ places, order, sizes: { ...sizes, train: places.filter((place) => place === "train").length }, warnings });
}

interface Group {
  readonly name: string;
  readonly answer: string;
  readonly members: number[];
  disputed: boolean;
}

async function undisputedGroups(rows: readonly RowFacts[]): Promise<readonly Group[]> {
  const breathe = createBreather();
  const groups = new Map<string, Group>();
  for (const [index, row] of rows.entries()) {
    await breathe();
    const group = groups.get(row.group);
    if (group === undefined) groups.set(row.group, { name: row.group, answer: row.answer, members: [index], disputed: false });
    else {
      group.members.push(index);
      group.disputed ||= group.answer !== row.answer;
    }
  }
  return [...groups.values()].filter((group) => !group.disputed);
}
