import type {
  Arbiter, Card, Clock, Data, EnergyMeter, Evaluator, ItemScore, JournalEvent, JournalRecord, Knowledge, Models, Planner, Recipe, Result, RunView, Stage, Task, Trainer,
} from "../contract/index.js";

/** The part of `store`'s journal that a run needs; tests hand in one that dies where they want it to. */
export interface SessionJournal {
  records(): readonly JournalRecord[];
  append(event: JournalEvent, options: { readonly durable: boolean }): Promise<Result<JournalRecord>>;
}

/** What a run reads and writes itself; everything else lies behind the other ports. */
export interface SessionFiles {
  /** ENV when the file cannot be read. */
  sha256(path: string): Promise<Result<string>>;
  exists(path: string): Promise<boolean>;
  /** The per-item scores an evaluation wrote. DATA when a line is torn or wrong. */
  readItems(path: string): Promise<Result<readonly ItemScore[]>>;
  writeRecipe(path: string, recipe: Recipe): Promise<Result<void>>;
}

/** How far the stage that runs now has come; for the screen only, never in the journal. */
export interface LiveProgress {
  readonly runId: string;
  readonly nodeId: string;
  readonly stage: Stage;
  readonly done: number;
  readonly total: number;
  readonly loss: number | null;
  readonly tokensPerSecond: number | null;
}

export interface SessionDependencies {
  readonly runId: string;
  readonly runDirectory: string;
  /** Used when the journal is empty; afterwards the journal's own copy counts. */
  readonly task: Task;
  readonly appVersion: string;
  readonly journal: SessionJournal;
  readonly files: SessionFiles;
  readonly models: Models;
  readonly data: Data;
  readonly trainer: Trainer;
  readonly evaluator: Evaluator;
  readonly planner: Planner;
  /** Goes on alone once the planner's thinking costs more than it earns. */
  readonly housePlanner: Planner;
  readonly knowledge: Knowledge;
  /** What a finished run taught, as cards for later runs; measured numbers only. */
  readonly insightCards: (view: RunView, now: Date) => readonly Card[];
  readonly arbiter: Arbiter;
  readonly energy: EnergyMeter;
  readonly clock: Clock;
  readonly writeReport: (view: RunView, path: string) => Promise<Result<void>>;
  readonly onChange: (view: RunView) => void;
  readonly onProgress: (progress: LiveProgress) => void;
}
