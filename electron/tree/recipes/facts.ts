import type { Constraints, NumericField, Prompt, Task, TensorSpectrum } from "../../contract/index.js";

/** What the host knows of the data, the model and the task: enough to say which moves make sense. */
export interface RecipeFacts {
  /** The user's own words: what the "instruction" move puts into the system prompt. */
  readonly goal: string;
  readonly trainRows: number;
  /** Rows that repeat another one, and rows with the same prompt and different answers. */
  readonly duplicates: number;
  readonly conflicts: number;
  /** Longest prompt plus answer, in the base model's tokens. */
  readonly longestTokens: number;
  /** Longest worked example that a prompt may show, in tokens; 0 when there is none. */
  readonly shotTokens: number;
  readonly hasSystemMessages: boolean;
  /** Longest sequence the base model takes, in tokens. */
  readonly contextLength: number;
  /** One sentence on the form of the answers; null when they share none. */
  readonly formatRules: string | null;
  /** Other wordings of the instruction, in the order in which they are tried. */
  readonly instructions: readonly string[];
  readonly constraints: Constraints;
  /** The best untrained prompt so far, for "train-prompted"; null while the plain one is the best. */
  readonly bestPrompt: Prompt | null;
  readonly seed: number;
  /** The task's overrides of the default recipe. */
  readonly defaults: Task["defaults"];
}

/** The node a recipe grows from, as far as a move may use it. */
export interface ParentFacts {
  readonly nodeId: string;
  readonly hasAdapter: boolean;
  /** How much of its rank each tensor of the parent's adapter uses; empty where it was not measured. */
  readonly spectra: readonly TensorSpectrum[];
}

export type Numbers = Readonly<Partial<Record<NumericField, number>>>;
