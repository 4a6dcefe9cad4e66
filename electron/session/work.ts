import path from "node:path";
import { FailureError, type Arbiter, type Failure, type Requirement, type Result, type RunView, type Stage, type TreeNode } from "../contract/index.js";
import type { Meter } from "./cost.js";
import type { SessionDependencies } from "./dependencies.js";
import type { Ledger } from "./ledger.js";

/** What every step of the loop is handed: the ports, the journal, the meter and the signal that stops the work. */
export interface Work {
  readonly deps: SessionDependencies;
  readonly ledger: Ledger;
  readonly meter: Meter;
  readonly signal: AbortSignal;
  /** The node that runs now and how to end it alone; null between nodes. */
  readonly running: { current: { readonly nodeId: string; readonly abort: AbortController } | null };
  /** How many nodes the journal held when this process took over. */
  readonly nodesAtStart: number;
}

export function requirementOf(view: RunView): Requirement {
  if (view.requirement === null) throw new Error("The requirement is fixed before the first node.");
  return view.requirement;
}

export function nodeOf(view: RunView, nodeId: string): TreeNode {
  const node = view.nodes.find((candidate) => candidate.id === nodeId);
  if (node === undefined) throw new Error(`The journal knows no node ${nodeId}.`);
  return node;
}

export const nodeDirectory = (work: Work, nodeId: string): string => path.join(work.deps.runDirectory, "nodes", nodeId);

/** Scores on sealed splits lie beside the sealed rows, not beside what planners and people browse. */
export const sealedItemsPath = (work: Work, name: string): string => path.join(work.deps.runDirectory, "vault", `items-${name}.jsonl`);

/** Runs `use` while holding the card for one tenant; the lease ends whatever happens. */
export async function leased<Value>(work: Work, holder: Parameters<Arbiter["lease"]>[0], use: () => Promise<Value>): Promise<Value> {
  const release = await work.deps.arbiter.lease(holder, work.signal);
  try {
    return await use();
  } finally {
    await release();
  }
}

/**
 * Failures that are no verdict on a node: the user asked to stop, or the disk is full. They leave the step by the
 * one way that skips everything else, and the session turns them into a status.
 */
export function unlessHalted<Value>(work: Work, result: Result<Value>): Result<Value> {
  if (result.ok) return result;
  if (work.signal.aborted || result.error.class === "CANCELLED" || isDiskFull(result.error)) throw new FailureError(result.error);
  return result;
}

export function isDiskFull(failure: Failure): boolean {
  return failure.class === "ENV" && /disk[._ -]?full|no[._ -]space|enospc|edquot/i.test(`${failure.code} ${failure.message}`);
}

export function stopIfAsked(work: Work): void {
  if (work.signal.aborted) throw new FailureError({ class: "CANCELLED", code: "run.cancelled", message: "The run was asked to stop.", hint: "" });
}

export function reportProgress(work: Work, nodeId: string, stage: Stage, progress: { done: number; total: number; loss?: number; tokensPerSecond?: number }): void {
  work.deps.onProgress({
    runId: work.ledger.view().runId, nodeId, stage, done: progress.done, total: progress.total,
    loss: progress.loss ?? null, tokensPerSecond: progress.tokensPerSecond ?? null,
  });
}

/** Milliseconds left of the budget, never below zero. */
export function remainingMs(work: Work): number {
  return Math.max(0, work.ledger.view().budget.totalMs - work.ledger.spentMs());
}
