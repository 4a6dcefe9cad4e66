import { z } from "zod";
import type { MendChoice, MendContext, Planner } from "../../contract/index.js";
import type { PromptFile } from "../prompts/prompt-file.js";
import { fenced } from "../untrusted/plain-line.js";
import { turnTimeFor, type PlannerLimits } from "./limits.js";
import { nothingSpent, takeTurn, type TurnOptions } from "./model-turn.js";
import { renderNode } from "./render-node.js";

const answerSchema = z.object({ choice: z.string() });
const meanings: Readonly<Record<MendChoice, string>> = {
  "halve-batch": "half the tokens per step: less memory, same work", "halve-rank": "half the rank: less memory, smaller adapter", "shorten-rows": "rows of half the length: less memory and time, long rows lose their end",
  "lower-rate": "a third of the learning rate: calmer", "fewer-epochs": "half the epochs: half the time", "drop-last-data-operator": "without the last change of the data", "drop-prompt": "without system prompt and worked examples", "give-up": "leave this experiment",
};

/** One tiny constrained question; whatever goes wrong with it, the house planner answers. */
export async function mendByModel(by: { readonly options: TurnOptions; readonly limits: PlannerLimits; readonly house: Planner; readonly prompt: PromptFile }, context: MendContext, random: () => number, signal: AbortSignal): ReturnType<Planner["mend"]> {
  const spent = nothingSpent();
  const seed = Math.floor(random() * 2 ** 31);
  const values = {
    node: renderNode(context.node),
    failure: `${context.failure.class}, ${fenced(context.failure.code, 60)}: ${fenced(context.failure.message, 300)}`,
    tried: context.tried.slice(-5).map((line) => `- ${fenced(line, 200)}`).join("\n") || "- nothing",
    choices: context.choices.map((choice) => `- ${choice}: ${meanings[choice]}`).join("\n"),
  };
  const caps = { maxTokens: by.limits.mendTokens, timeLimitMs: turnTimeFor(by.limits, context.budget.remainingMs), temperature: 0, seed, jsonSchema: { type: "object", properties: { choice: { enum: [...context.choices] } } } };
  const answered = await takeTurn(by.options, by.prompt, values, caps, spent, signal);
  const said = answered.ok ? choiceIn(answered.value) : null;
  const choice = context.choices.find((each) => each === said);
  if (choice !== undefined) return { choice, why: `The language model chose: ${meanings[choice]}.`, spent: { seconds: spent.seconds, tokens: spent.tokens } };
  const instead = await by.house.mend(context, random, signal);
  return { ...instead, spent: { seconds: spent.seconds + instead.spent.seconds, tokens: spent.tokens + instead.spent.tokens } };
}

function choiceIn(text: string): string | null {
  try {
    return answerSchema.safeParse(JSON.parse(text.slice(text.indexOf("{")))).data?.choice ?? null;
  } catch {
    return null;
  }
}
