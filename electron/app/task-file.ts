import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { parse, YAMLParseError } from "yaml";
import { fail, ok, taskSchema, type Result, type Task } from "../contract/index.js";
import { parseBudget } from "../session/index.js";
import { firstIssue } from "./router.js";

const longestTaskFileBytes = 1024 * 1024;

/** Reads TASK.yaml (or JSON, which is YAML too). Paths in it are relative to the file. */
export async function readTaskFile(file: string, overrides: Readonly<Record<string, unknown>> = {}): Promise<Result<Task>> {
  const text = await readText(file);
  if (!text.ok) return text;
  let document: unknown;
  try {
    document = parse(text.value, { maxAliasCount: 100 });
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    return fail("CONFIG", "task.not_yaml", `${file} is not valid YAML: ${error.message.split("\n")[0] ?? ""}`, "Mend the line named above; resources/demo/task.yaml is an example.");
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    return fail("CONFIG", "task.not_a_task", `${file} does not describe a task: it must have goal, model and data.`, "resources/demo/task.yaml is an example.");
  }
  return makeTask({ ...document, ...overrides }, path.dirname(path.resolve(file)), file);
}

/** Checks a task from any source and makes its paths absolute, seen from `folder`. */
export function makeTask(input: unknown, folder: string, source: string): Result<Task> {
  const parsed = taskSchema.safeParse(input);
  if (!parsed.success) return fail("CONFIG", "task.invalid", `The task in ${source} is not valid: ${firstIssue(parsed.error)}.`, "`trex run --help` shows what a task may say.");
  const budget = parseBudget(parsed.data.budget);
  if (!budget.ok) return budget;
  const task = parsed.data;
  return ok({
    ...task,
    model: path.resolve(folder, task.model),
    data: path.resolve(folder, task.data),
    ...(task.agentModel === undefined ? {} : { agentModel: path.resolve(folder, task.agentModel) }),
  });
}

/** Found out before a run folder is made: a task whose files are not there never becomes a run. */
export async function checkTaskFiles(task: Task): Promise<Result<void>> {
  const files: readonly (readonly [string, string])[] = [["model", task.model], ["data", task.data], ...(task.agentModel === undefined ? [] : [["agent model", task.agentModel] as const])];
  for (const [name, file] of files) {
    const found = await stat(file).catch((error: unknown) => error as NodeJS.ErrnoException);
    if (found instanceof Error) {
      return found.code === "ENOENT"
        ? fail("CONFIG", "file.not_found", `The ${name} file ${file} does not exist.`, "Nothing was started. Check the path and its spelling.")
        : fail("CONFIG", "file.unreadable", `The ${name} file ${file} cannot be read: ${found.message}.`, "Nothing was started. Check the file's permissions.");
    }
    if (!found.isFile()) return fail("CONFIG", "file.not_a_file", `The ${name} ${file} is not a file.`, "Nothing was started. Name the file itself, not its folder.");
  }
  if (task.planner === "language-model" && task.agentModel === undefined) {
    return fail("CONFIG", "task.no_agent_model", "The language-model planner needs a model to think with, and none is named.", "Nothing was started. Add --agent-model FILE.gguf, or use --planner house.");
  }
  return ok(undefined);
}

async function readText(file: string): Promise<Result<string>> {
  try {
    const { size } = await stat(file);
    if (size > longestTaskFileBytes) return fail("CONFIG", "task.too_large", `${file} is too large to be a task file (${size} bytes).`, "Name the task's YAML file, not the data.");
    return ok(await readFile(file, "utf8"));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT"
      ? fail("CONFIG", "task.not_found", `The task file ${file} does not exist.`, "Nothing was started. Check the path and its spelling.")
      : fail("CONFIG", "task.unreadable", `The task file ${file} cannot be read: ${message}.`, "Nothing was started. Check the file's permissions.");
  }
}
