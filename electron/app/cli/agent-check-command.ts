import path from "node:path";
import { loadPlannerPrompts, readPrompt } from "../../agents/index.js";
import { ok, type Result } from "../../contract/index.js";
import { decisionCases } from "./agent-check/cases/index.js";
import { describeCase, describeCheck } from "./agent-check/report-check.js";
import { runCheck, type CheckedModel } from "./agent-check/run-check.js";
import { agentContext } from "../agent-context.js";
import { refuse, usageFailure, type Command, type CommandContext } from "./command.js";

/** A longer context is not filled by any prompt, and costs memory. */

export const agentCheckCommand: Command = {
  name: "agent-check",
  summary: "try whether a model can plan experiments here, and how fast",
  usage: "agent-check --model M.gguf [--canaries N] [--json]  or  agent-check --house [--json]",
  details: [
    `${decisionCases.length} situations go through the very planner a run uses, with the house planner's score on the same ones beside it; then repairs to choose and passages to read.`,
    "Reported: usable answers, sensible ones, usable but clearly wrong ones, agreement, seconds and tokens, and for which role the model is fit.",
    "--canaries N asks N situations with planted orders besides and reports how many were followed. --house runs the house planner alone, without a model.",
  ],
  example: "trex agent-check --model qwen-3b.gguf",
  options: { model: { type: "string" }, house: { type: "boolean" }, canaries: { type: "string" } },
  positionals: { least: 0, most: 0 },
  async run(context) {
    const canaries = context.values.whole("canaries");
    if (!canaries.ok) return refuse(context, canaries.error);
    const file = context.values.text("model");
    const houseOnly = context.values.flag("house");
    if (file === undefined && !houseOnly) return refuse(context, usageFailure("--model is missing.", "Use --house to check the house planner alone."));
    const model = file === undefined || houseOnly ? ok(null) : await prepare(context, path.resolve(file));
    if (!model.ok) return refuse(context, model.error);
    const report = await runCheck({
      model: model.value, canaries: canaries.value ?? 0,
      onStatus: (text) => { context.output.status(text); },
      onCase: (result) => { if (!context.json) context.output.note(describeCase(result)); },
    }, context.signal);
    await model.value?.llama.release();
    if (context.json) context.output.json(report);
    else context.output.result(describeCheck(report, model.value !== null));
    return context.signal.aborted ? 130 : 0;
  },
};

async function prepare(context: CommandContext, modelPath: string): Promise<Result<CheckedModel>> {
  const { models, llama, places } = context.app();
  const contextTokens = await agentContext(models, modelPath, context.signal);
  if (!contextTokens.ok) return contextTokens;
  const prompts = await loadPlannerPrompts(places.prompts);
  if (!prompts.ok) return prompts;
  const read = await readPrompt(places.prompts, "agent-check-read");
  if (!read.ok) return read;
  return ok({ llama, modelPath, contextTokens: contextTokens.value, prompts: prompts.value, readPrompt: read.value });
}
