import type { Example } from "../contract/index.js";
import { createBreather } from "./breather.js";
import { charactersOf } from "./import-rows.js";
import { groupKey, promptKey } from "./identity.js";

/** A row with what operators compare it by: hashing a large split takes long enough to need pauses, comparing does not. */
export interface KeyedExample {
  readonly example: Example;
  readonly prompt: string;
  readonly group: string;
  readonly characters: number;
}

export async function keyExamples(rows: readonly Example[]): Promise<readonly KeyedExample[]> {
  const breathe = createBreather();
  const keyed: KeyedExample[] = [];
  for (const example of rows) {
    await breathe();
    keyed.push({ example, prompt: promptKey(example), group: groupKey(example), characters: charactersOf(example) });
  }
  return keyed;
}
