import { z } from "zod";
import type { LlamaHost } from "../../../contract/index.js";
import { numericFields } from "../../../contract/index.js";
import { fillPrompt, type PromptFile } from "../../../agents/index.js";
import { sayings, type ReadingCase } from "./reading-cases.js";

const caps = { maxTokens: 80, timeLimitMs: 60_000, temperature: 0, seed: 1 } as const;
const answerSchema = z.object({ setting: z.string(), said: z.string(), value: z.string() });

export interface ReadingResult {
  readonly passage: string;
  readonly right: boolean;
  readonly seconds: number;
  readonly tokens: number;
}

/** One passage into a form of three enums, right only when all three are. */
export async function readPassage(options: { readonly llama: Pick<LlamaHost, "complete">; readonly modelPath: string; readonly prompt: PromptFile }, asked: ReadingCase, signal: AbortSignal): Promise<ReadingResult> {
  const settings = Object.keys(numericFields);
  const values = { passage: asked.passage, settings: settings.join(", "), said: sayings.join(", "), values: asked.values.join(", "), example: JSON.stringify({ setting: settings[0], said: sayings[0], value: asked.values[0] }) };
  const jsonSchema = { type: "object", properties: { setting: { enum: settings }, said: { enum: sayings }, value: { enum: asked.values } } };
  const answered = await options.llama.complete({ modelPath: options.modelPath, system: fillPrompt(options.prompt.system, values), user: fillPrompt(options.prompt.user, values), jsonSchema, ...caps }, signal);
  if (!answered.ok) return { passage: asked.passage, right: false, seconds: 0, tokens: 0 };
  const answer = parse(answered.value.text);
  return { passage: asked.passage, right: answer !== null && answer.setting === asked.setting && answer.said === asked.said && answer.value === asked.value, seconds: answered.value.seconds, tokens: answered.value.tokens };
}

function parse(text: string): z.infer<typeof answerSchema> | null {
  try {
    return answerSchema.safeParse(JSON.parse(text.slice(text.indexOf("{")))).data ?? null;
  } catch {
    return null;
  }
}
