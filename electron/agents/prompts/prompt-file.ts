import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { fail, ok, type Result } from "../../contract/index.js";

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
  readonly repair: PromptFile;
  readonly mend: PromptFile;
}

export interface AnalystPrompts {
  readonly wordings: PromptFile;
}

const headerSchema = z.object({ name: z.string().min(1), version: z.coerce.number().int().positive() });

/** Reads the planner's prompts. Error: ENV `prompt.unreadable` names the file. */
export async function loadPlannerPrompts(directory: string): Promise<Result<PlannerPrompts>> {
  const files = await Promise.all(["planner-reason", "planner-choose", "planner-repair", "planner-mend"].map((name) => readPrompt(directory, name)));
  const [reason, choose, repair, mend] = files.map((file) => (file.ok ? file.value : undefined));
  if (reason !== undefined && choose !== undefined && repair !== undefined && mend !== undefined) return ok({ reason, choose, repair, mend });
  return files.find((file) => !file.ok) ?? fail("INTERNAL", "prompt.unreadable", "The prompt files could not be read.");
}

/** Reads the analyst's prompt. Error: ENV `prompt.unreadable` names the file. */
export async function loadAnalystPrompts(directory: string): Promise<Result<AnalystPrompts>> {
  const wordings = await readPrompt(directory, "analyst-wordings");
  return wordings.ok ? ok({ wordings: wordings.value }) : wordings;
}

export async function readPrompt(directory: string, name: string): Promise<Result<PromptFile>> {
  const path = join(directory, `${name}.md`);
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
    if (value === undefined) throw new Error(`the prompt asks for ${name}, which nobody gives`);
    return value;
  });
}

export function promptTag(prompt: PromptFile): string {
  return `${prompt.name}@${prompt.version}`;
}
