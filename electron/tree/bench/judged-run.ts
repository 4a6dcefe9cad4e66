/**
 * One run as the statistics see it: simulated or real. Nothing here knows of the simulator, so that runs of a real
 * trainer are judged by the same tables.
 */
export interface JudgedRun {
  readonly family: string;
  readonly policy: string;
  /** Runs of one seed are paired: the same problem, the same items. */
  readonly seed: number;
  /** Vault score of what would have been delivered at that share of the budget; ascending, the last is 1. */
  readonly checkpoints: readonly { readonly share: number; readonly score: number }[];
  /** Vault score of what was delivered. */
  readonly final: number;
  /** Best score known to be possible; null: only what the policies reached. */
  readonly bestKnown: number | null;
  readonly nodes: number;
  /** Experiments that ran out of memory, diverged, or failed in another way. */
  readonly failures: { readonly outOfMemory: number; readonly diverged: number; readonly other: number };
  readonly agentSeconds: number;
  /** Share of the budget that the search used before it ended by itself or was cut off; what the end of the run takes not included. Absent: not measured. */
  readonly spentShare?: number;
}
