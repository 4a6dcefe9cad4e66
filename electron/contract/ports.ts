/**
 * What the session needs of the outside world. The session knows these shapes only; `app/` hands in the real
 * services and tests hand in others. All promises settle after `signal` aborts (with CANCELLED).
 */
import "./cancellation.js";
import type { ImportReport, SplitSizes } from "./example.js";
import type { Card, CardCondition } from "./card.js";
import type { Estimate, MemoryPlan, SampleAnswer, LossPoint, TensorSpectrum } from "./node.js";
import type { DataOperator, Prompt, Training } from "./recipe.js";
import type { Result } from "./result.js";
import type { FailureCluster } from "./planner.js";
import type { GuardName, MetricName, Skill } from "./task.js";

export interface ModelFacts {
  readonly path: string;
  readonly sha256: string;
  readonly name: string;
  readonly architecture: string;
  readonly parameters: number;
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly hasChatTemplate: boolean;
  /** Of the file; absent where nobody looked. */
  readonly sizeBytes?: number;
}

export interface Models {
  /** Validates before anything native touches the file. Errors: CONFIG with a sentence. */
  inspect(path: string, signal: AbortSignal): Promise<Result<ModelFacts>>;
}

/** The four splits lie in files; only `Evaluator` and `Data` read the sealed ones. */
export interface PreparedData {
  readonly report: ImportReport;
  readonly sizes: SplitSizes;
  readonly warnings: readonly string[];
  readonly recommendedMetric: MetricName;
  readonly metricReason: string;
  /** Longest prompt plus answer in tokens over all rows, and the longest answer. */
  readonly longestTokens: number;
  readonly longestAnswerTokens: number;
  /** Longest worked example that a few-shot prompt may show, in tokens; 0 when the data has none to show. */
  readonly shotTokens: number;
  readonly droppedByContamination: number;
  /** One sentence on the form that the training rows' answers share, for the "format-rules" move; null when they share none. */
  readonly formatRules: string | null;
  readonly skill: Skill;
}

export interface Data {
  /**
   * Imports, splits and seals into `runDirectory`. Same input and seed give the same splits. With the model's context length,
   * prompts whose question is too long for all worked examples show fewer, in training and evaluation alike.
   */
  prepare(request: { path: string; modelPath: string; runDirectory: string; seed: number; contextLength?: number; sizes: { devSearch: number; devSelect: number; vault: number } }, signal: AbortSignal): Promise<Result<PreparedData>>;
  /** Applies the operators to the training split, tokenises with the model's own template, writes trex-train's rows. */
  buildTrainingSet(request: { runDirectory: string; modelPath: string; operators: readonly DataOperator[]; prompt: Prompt; goal: string; seed: number; maxSequenceTokens: number; outDirectory: string; limitRows?: number }, signal: AbortSignal): Promise<Result<{ trainPath: string; validationPath: string; rows: number; droppedRows: number; tokens: number; dataSha256: string }>>;
}

export interface TrainRequest {
  readonly modelPath: string;
  readonly trainPath: string;
  readonly validationPath: string | null;
  readonly outDirectory: string;
  readonly training: Training;
  readonly warmStartAdapter: string | null;
  readonly seed: number;
  readonly threads: number;
  /** Wins over epochs; for micro-steps. */
  readonly steps: number | null;
  /** Share of the epochs to train; a rung below 1 still follows the schedule to its end. */
  readonly fraction: number;
  readonly secondsLimit: number | null;
  readonly onProgress: (progress: { step: number; steps: number; loss: number; tokensPerSecond: number }) => void;
}

export interface TrainOutcome {
  readonly adapterPath: string;
  readonly adapterSha256: string;
  readonly loss: readonly LossPoint[];
  readonly seconds: number;
  readonly peakBytes: number;
  /** One for each adapted tensor; empty where the trainer did not measure them. */
  readonly spectra: readonly TensorSpectrum[];
}

export interface Trainer {
  plan(request: TrainRequest, signal: AbortSignal): Promise<Result<{ memory: MemoryPlan; fits: boolean; limitBytes: number; estimatedSeconds: number }>>;
  train(request: TrainRequest, signal: AbortSignal): Promise<Result<TrainOutcome>>;
}

/** One scored item; files of these (JSON lines) are what paired tests read. */
export interface ItemScore {
  readonly id: string;
  readonly score: number;
  readonly answer: string;
}

export interface EvaluateRequest {
  readonly runDirectory: string;
  readonly split: "dev-search" | "dev-select" | "vault";
  /** First so many items in the split's fixed order; all when absent. */
  readonly limit?: number;
  readonly modelPath: string;
  readonly adapterPath: string | null;
  readonly prompt: Prompt;
  readonly goal: string;
  readonly metric: MetricName;
  readonly maxAnswerTokens: number;
  readonly threads: number;
  readonly seed: number;
  /** Where the per-item scores go. */
  readonly outPath: string;
  readonly onProgress: (progress: { done: number; total: number }) => void;
}

export interface EvaluateOutcome {
  readonly estimate: Estimate;
  /** Higher is better for every metric: perplexity is turned into mean log-likelihood per token, with the perplexity in `secondary`. */
  readonly items: readonly ItemScore[];
  readonly secondary: Readonly<Record<string, number>>;
  readonly samples: readonly SampleAnswer[];
  /** What kept failing, most frequent first; empty on the sealed splits. Labels hold no item's text. */
  readonly failures: readonly FailureCluster[];
  readonly itemsPath: string;
  readonly seconds: number;
}

export interface Evaluator {
  evaluate(request: EvaluateRequest, signal: AbortSignal): Promise<Result<EvaluateOutcome>>;
  /** General behaviour that must not get worse, for the asked guards only. */
  regression(request: { modelPath: string; adapterPath: string | null; threads: number; guards: readonly GuardName[] }, signal: AbortSignal): Promise<Result<{ checks: readonly { name: string; guard: GuardName; base: number; candidate: number; passed: boolean; note: string }[]; seconds: number }>>;
}

/** Grants the card (or the memory) to one tenant at a time. A lease is ended by calling the function it gives. */
export interface Arbiter {
  lease(holder: "agent" | "trainer" | "evaluator", signal: AbortSignal): Promise<() => Promise<void>>;
}

export interface EnergyMeter {
  /** Joules since this machine's meter started; null where nothing measures it. */
  read(): Promise<number | null>;
}

export interface Clock {
  /** Monotonic milliseconds; for durations. */
  now(): number;
  /** Wall clock; for people. */
  date(): Date;
}

/** A piece of a rendered conversation. Only scaffold text may become control tokens; content never does. */
export interface TextSegment {
  readonly text: string;
  readonly special: boolean;
}

export interface Generation {
  readonly tokens: readonly number[];
  readonly text: string;
  readonly stopReason: "end-of-turn" | "length";
}

/** llama.cpp in its own process. A native crash there is an ordinary, explained ENV failure, retried once. */
export interface LlamaHost {
  /** Loads the vocabulary only. A sequence is the concatenation of its segments' tokens, with BOS when the file asks for it. */
  tokenize(request: { modelPath: string; sequences: readonly (readonly TextSegment[])[]; addBos: "as-model" | "never" }, signal: AbortSignal): Promise<Result<readonly (readonly number[])[]>>;
  /** The file's own chat template and the texts of its special tokens. */
  templateOf(modelPath: string, signal: AbortSignal): Promise<Result<{ template: string | null; bosToken: string; eosToken: string; endOfTurnTokens: readonly number[] }>>;
  /** Greedy, batched; the adapter is applied at scale 1 as llama.cpp does. Answers come in the order of `prompts`. */
  generate(request: { modelPath: string; adapterPath: string | null; prompts: readonly (readonly number[])[]; maxTokens: number; threads: number; onProgress?: (done: number) => void }, signal: AbortSignal): Promise<Result<readonly Generation[]>>;
  /** One agent turn. With `jsonSchema` the answer is constrained to it (llama.cpp grammar). Capped in tokens and time. */
  complete(request: { modelPath: string; system: string; user: string; jsonSchema?: Readonly<Record<string, unknown>>; maxTokens: number; timeLimitMs: number; temperature: number; seed: number; onToken?: (text: string) => void }, signal: AbortSignal): Promise<Result<{ text: string; tokens: number; seconds: number }>>;
  /** Unit-length embeddings of texts: an embedding model pools as its file says, a text model gives its last state after "in one word" (PromptEOL, arXiv 2307.16645). Too long a text is cut to the context. */
  embed(request: { modelPath: string; texts: readonly string[] }, signal: AbortSignal): Promise<Result<readonly Float32Array[]>>;
  /** Resident bytes of the worker process, 0 when none runs. */
  memoryBytes(): Promise<number>;
  /** Ends the worker process, so that its memory goes back to the card. The next call starts a new one. */
  release(): Promise<void>;
}

/** Log-likelihoods by trex-train on the exported file, each the same whatever is scored with it; parity with llama.cpp is a test. */
export interface Scorer {
  score(request: { modelPath: string; adapterPath: string | null; pairs: readonly { id: string; context: readonly number[]; continuation: readonly number[] }[]; threads: number }, signal: AbortSignal): Promise<Result<readonly { id: string; logLikelihood: number; tokens: number; isGreedy: boolean }[]>>;
}

/** What is known before a run begins, and what a run may leave behind. */
export interface Knowledge {
  /** Built-in cards, and with `library` those of the user's documents and earlier runs, that may matter for this task: at most 200. */
  cardsFor(request: { goal: string; metric: MetricName; skill: Skill; architecture: string; library: boolean }, signal: AbortSignal): Promise<Result<readonly Card[]>>;
  /** Which conditions hold for the run as a whole; thresholds and their reasons stand in research/cards/conditions.ts. */
  runConditions(run: { trainRows: number; parameters: number; conflicts: number; duplicates: number; answersAreJson: boolean; metric: MetricName; longestTokens: number; budgetMs: number; modelBytesPerWeight: number | null }): readonly CardCondition[];
  /** The few of `cards` that fit a situation best, the most telling first. Pure and deterministic. */
  select(cards: readonly Card[], situation: { goal: string; conditions: readonly CardCondition[]; menu: readonly string[]; axisCounts: Readonly<Record<string, number>> }, most: number): readonly Card[];
  /** Keeps insight cards for later runs of this user. Durable before it settles. */
  keep(cards: readonly Card[]): Promise<Result<void>>;
}
