import { z } from "zod";
import { skills, type Result, type Skill } from "../../contract/index.js";
import { fail } from "../../contract/index.js";
import { nothingSpent, takeTurn, type TurnOptions } from "../planner/model-turn.js";
import type { PromptFile } from "../prompts/prompt-file.js";
import { plainLine } from "../untrusted/plain-line.js";

const mostWordings = 3;
const fewestCharacters = 15;
const mostCharacters = 400;
const goalCharacters = 1_500;
const caps = { maxTokens: 320, timeLimitMs: 60_000, temperature: 0.4 } as const;

const answerSchema = z.object({ skill: z.string().optional(), wording1: z.string().optional(), wording2: z.string().optional(), wording3: z.string().optional() });

export interface Wordings {
  readonly skill: Skill | null;
  readonly instructions: readonly string[];
  readonly seconds: number;
  readonly tokens: number;
}

/** One constrained call. The model sees the user's sentence and the form of the answers, and nothing of the file. */
export async function askForWordings(options: TurnOptions, prompt: PromptFile, about: { readonly goal: string; readonly form: string; readonly skills: readonly Skill[] }, seed: number, signal: AbortSignal): Promise<Result<Wordings>> {
  const spent = nothingSpent();
  const text = { type: "string" };
  const jsonSchema = { type: "object", properties: { skill: { enum: [...about.skills] }, wording1: text, wording2: text, wording3: text } };
  const values = { goal: plainLine(about.goal, goalCharacters), form: about.form, skills: about.skills.join(", "), first: about.skills[0] ?? "generation" };
  const answered = await takeTurn(options, prompt, values, { ...caps, seed, jsonSchema }, spent, signal);
  if (!answered.ok) return answered;
  const answer = read(answered.value);
  if (answer === null) return fail("CONFIG", "analyst.bad_answer", "The language model's wordings could not be used.");
  const skill = skills.find((each) => each === answer.skill && about.skills.includes(each)) ?? null;
  return { ok: true, value: { skill, instructions: cleaned([answer.wording1, answer.wording2, answer.wording3], about.goal), seconds: spent.seconds, tokens: spent.tokens } };
}

function read(text: string): z.infer<typeof answerSchema> | null {
  try {
    return answerSchema.safeParse(JSON.parse(text.slice(text.indexOf("{")))).data ?? null;
  } catch {
    return null;
  }
}

/** Plain sentences that differ from the goal and from each other. Addresses, code and template marks have no place in one. */
function cleaned(wordings: readonly (string | undefined)[], goal: string): readonly string[] {
  const key = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  const known = new Set([key(goal)]);
  const kept: string[] = [];
  for (const wording of wordings) {
    const text = plainLine(wording ?? "", mostCharacters).replace(/^["'“”\s]+|["'“”\s]+$/g, "");
    if (text.length < fewestCharacters || /https?:|www\.|```|\{\{|\}\}|‹\||\[INST|^\.+$/i.test(text) || known.has(key(text))) continue;
    known.add(key(text));
    kept.push(text);
  }
  return kept.slice(0, mostWordings);
}
