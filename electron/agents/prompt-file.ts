import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { fail, ok, type Result } from "../contract/index.js";

/** A prompt as it lies in resources/prompts: versioned, so that a journal can say which one was used. */
export interface PromptFile {
  readonly name: string;
  readonly version: number;
  readonly system: string;
  readonly user: string;
}

export interface PlannerPrompts {
  readonly reason: PromptFile;
  readonly choose: PromptFile;
}

const headerSchema = z.object({ name: z.string().min(1), version: z.coerce.number().int().positive() });

/** Reads both planner prompts. Error: ENV `prompt.unreadable` names the file. */
export async function loadPlannerPrompts(directory: string): Promise<Result<PlannerPrompts>> {
  const reason = await readPrompt(join(directory, "planner-reason.md"));
  if (!reason.ok) return reason;
  const choose = await readPrompt(join(directory, "planner-choose.md"));
  return choose.ok ? ok({ reason: reason.value, choose: choose.value }) : choose;
}

async function readPrompt(path: string): Promise<Result<PromptFile>> {
  const text = await readFile(path, "utf8").catch(() => null);
  const prompt = text === null ? null : parsePrompt(text);
  return prompt === null ? fail("ENV", "prompt.unreadable", `The prompt file ${path} is missing or damaged.`, "Install the app again.") : ok(prompt);
}

/** `---` header lines `---`, then `## system` and `## user`. null when it is not that. */
export function parsePrompt(text: string): PromptFile | null {
  const match = /^---\n(.*?)\n---\n+## system\n(.*?)\n+## user\n(.*)$/s.exec(text.replaceAll("\r\n", "\n"));
  if (match === null) return null;
  const header = headerSchema.safeParse(Object.fromEntries((match[1] ?? "").split("\n").map((line) => line.split(/:\s*(.*)/s).slice(0, 2))));
  return header.success ? { ...header.data, system: (match[2] ?? "").trim(), user: (match[3] ?? "").trim() } : null;
}

/** Fills `{{name}}` once: what is put in is not looked at again, so material cannot reach for other fields. */
export function fillPrompt(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the prompt asks for ${name}, which the planner does not give`);
    return value;
  });
}

export function promptTag(prompt: PromptFile): string {
  return `prompt:${prompt.name}@${prompt.version}`;
}
