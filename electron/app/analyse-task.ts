import path from "node:path";
import { createAnalyst, loadAnalystPrompts, type AnalystOptions } from "../agents/index.js";
import { taskSchema, type Analysis, type LlamaHost, type Models, type Result, type TaskInput } from "../contract/index.js";
import { describeDataset } from "../data/index.js";
import type { SettingsData } from "../store/index.js";

export interface AnalysisRequest {
  readonly goal: string;
  readonly data: string;
  readonly model: string;
  readonly answers: Readonly<Record<string, string>>;
  readonly edits: Readonly<Record<string, unknown>>;
}

/** From a sentence and two files to a typed requirement: nothing is started, nothing is written. Paths become absolute, seen from `folder`. */
export async function analyseTask(
  services: { readonly models: Models; readonly llama: LlamaHost; readonly promptsDirectory: string; readonly settings: Readonly<SettingsData> },
  request: AnalysisRequest, folder: string, signal: AbortSignal,
): Promise<Result<Analysis>> {
  const { settings } = services;
  const [data, model] = [path.resolve(folder, request.data), path.resolve(folder, request.model)];
  const sizes = taskSchema.shape.splits.safeParse(request.edits.splits);
  const described = await describeDataset(data, sizes.success ? sizes.data : taskSchema.shape.splits.parse({}), signal);
  if (!described.ok) return described;
  const inspected = await services.models.inspect(model, signal);
  if (!inspected.ok) return inspected;
  const analyst = createAnalyst(await withModel(services, settings));
  return await analyst.analyse({
    goal: request.goal, data, model, facts: described.value, modelFacts: inspected.value, answers: request.answers, edits: request.edits, defaults: defaultsOf(settings),
  }, signal);
}

/** The language model helps with wordings where the user chose one; without it rules alone decide. */
async function withModel({ llama, promptsDirectory }: { readonly llama: LlamaHost; readonly promptsDirectory: string }, settings: Readonly<SettingsData>): Promise<AnalystOptions> {
  if (settings.planner !== "language-model" || settings.agentModelPath === null) return {};
  const prompts = await loadAnalystPrompts(promptsDirectory);
  return prompts.ok ? { model: { llama, modelPath: settings.agentModelPath, prompts: prompts.value } } : {};
}

function defaultsOf(settings: Readonly<SettingsData>): Partial<Pick<TaskInput, "planner" | "agentModel" | "keepInsights" | "tariffPerKilowattHour" | "threads">> {
  const { agentModelPath, keepInsights, tariffPerKilowattHour, threads } = settings;
  return {
    keepInsights, threads,
    ...(settings.planner === "language-model" && agentModelPath !== null ? { planner: "language-model" as const, agentModel: agentModelPath } : {}),
    ...(tariffPerKilowattHour === null ? {} : { tariffPerKilowattHour }),
  };
}
