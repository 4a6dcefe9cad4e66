import type { ImportReport, MetricName, ModelFacts, Skill, SplitSizes, TaskInput } from "../../contract/index.js";

/** What was found in the data file, by code alone (data/describe/describe-dataset.ts). The analyst reads no rows. */
export interface DataFacts {
  readonly report: ImportReport;
  readonly recommendedMetric: MetricName;
  readonly metricReason: string;
  readonly skill: Skill;
  readonly skillReason: string;
  /** Rows each split would get; null when there are too few to split. */
  readonly splitSizes: SplitSizes | null;
  readonly formatRules: string | null;
  readonly warnings: readonly string[];
}

export interface AnalystInput {
  readonly goal: string;
  /** Paths, as the task will have them. */
  readonly data: string;
  readonly model: string;
  readonly facts: DataFacts;
  /** Null where the model file was not looked into. */
  readonly modelFacts: Pick<ModelFacts, "parameters" | "contextLength" | "hasChatTemplate"> | null;
  /** By question id. */
  readonly answers: Readonly<Record<string, string>>;
  /** Fields of the task that the user set himself. */
  readonly edits: Readonly<Record<string, unknown>>;
  /** The user's settings, as far as they are part of a task. */
  readonly defaults: Partial<Pick<TaskInput, "planner" | "agentModel" | "keepInsights" | "useLibrary" | "tariffPerKilowattHour" | "threads">>;
}
