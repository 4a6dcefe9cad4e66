import type { JournalEventOf, JournalRecord } from "../contract/index.js";

type Rung = "pilot" | "full";

/** What the journal already knows of one node's current recipe: where a resumed experiment goes on. */
export interface NodeHistory {
  readonly trained: Readonly<Partial<Record<Rung, JournalEventOf<"trained">>>>;
  readonly evaluated: Readonly<Partial<Record<Rung, JournalEventOf<"evaluated">>>>;
  /** Mechanical repairs after something failed while running; fitting a recipe to memory or time is not one. */
  readonly repairsAfterFailure: number;
  readonly promoted: boolean;
  /** Repairs of any kind: what is written after one gets names of its own, so that no half-written file of an earlier recipe is continued. */
  readonly repairs: number;
}

export function historyOf(records: readonly JournalRecord[], nodeId: string): NodeHistory {
  let trained: NodeHistory["trained"] = {};
  let evaluated: NodeHistory["evaluated"] = {};
  let repairsAfterFailure = 0;
  let fitting = true;
  let promoted = false;
  let repairs = 0;
  for (const { event } of records) {
    if (!("nodeId" in event) || event.nodeId !== nodeId) continue;
    if (event.type === "stage-started") {
      fitting = event.stage === "plan" || event.stage === "fits";
      if (event.stage === "full") promoted = true;
    } else if (event.type === "recipe-repaired") {
      // What an earlier recipe measured says nothing about the repaired one.
      trained = {};
      evaluated = {};
      promoted = false;
      repairs += 1;
      if (!fitting) repairsAfterFailure += 1;
    } else if (event.type === "trained" && event.rung !== "micro-steps") trained = { ...trained, [event.rung]: event };
    else if (event.type === "evaluated") evaluated = { ...evaluated, [event.rung]: event };
  }
  return { trained, evaluated, repairsAfterFailure, promoted, repairs };
}

/** Where a node's per-item scores lie for a rung, if it was evaluated there. */
export function itemsPathOf(records: readonly JournalRecord[], nodeId: string, rung: Rung): string | null {
  return historyOf(records, nodeId).evaluated[rung]?.itemsPath ?? null;
}
