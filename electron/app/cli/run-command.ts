import path from "node:path";
import { err, metricNames, type Result, type Task } from "../../contract/index.js";
import { makeTask, readTaskFile } from "../task-file.js";
import { usageFailure, type Command, type Values } from "./command.js";
import { runResultDocument, runTask } from "./finish-run.js";

export const runCommand: Command = {
  name: "run",
  summary: "fine-tune a model for a task, from data to report",
  usage: "run TASK.yaml | run --model M.gguf --data D.jsonl --goal TEXT [options]",
  details: [
    "--model FILE         the GGUF model to make better; trex-train info FILE says whether it can be",
    "--data FILE          OpenAI-chat JSONL, Alpaca JSON, or CSV",
    "--goal TEXT          what it should get better at",
    "--budget TIME        wall-clock for the whole run: 90s, 10m, 2h (default 30m)",
    `--metric NAME        ${metricNames.join(", ")} (default: chosen from the data)`,
    "--seed N             same seed and machine, same choices (default 1)",
    "--planner NAME       house or language-model (default house)",
    "--agent-model FILE   the GGUF that the language-model planner thinks with",
    "--max-nodes N        most experiments (default 200)",
    "--threads N          processor threads; 0 is all physical cores",
    "Options given beside TASK.yaml win over the file.",
  ],
  example: "trex run --model qwen.gguf --data tickets.jsonl --goal \"Answer support tickets as JSON\" --budget 10m",
  options: {
    model: { type: "string" }, data: { type: "string" }, goal: { type: "string" }, budget: { type: "string" }, metric: { type: "string" }, seed: { type: "string" },
    planner: { type: "string" }, "agent-model": { type: "string" }, "max-nodes": { type: "string" }, threads: { type: "string" },
  },
  positionals: { least: 0, most: 1 },
  async run(context) {
    const task = await taskFrom(context.values, context.positionals[0]);
    return await runTask(context, task, (_task, runId) => `Run ${runId} is kept in ${path.join(context.app().places.home, "runs", runId)}`, runResultDocument);
  },
};

async function taskFrom(values: Values, file: string | undefined): Promise<Result<Task>> {
  const given = taskOptions(values);
  if (!given.ok) return given;
  if (file !== undefined) return await readTaskFile(file, given.value);
  for (const name of ["model", "data", "goal"] as const) {
    if (values.text(name) === undefined) return err(usageFailure(`--${name} is missing. Name a task file, or give --model, --data and --goal.`));
  }
  return makeTask(given.value, process.cwd(), "the command line");
}

/** Only what was given, so that a task file's own values stay; paths are seen from the current folder. */
function taskOptions(values: Values): Result<Readonly<Record<string, unknown>>> {
  const numbers = { seed: values.whole("seed"), maxNodes: values.whole("max-nodes", 1), threads: values.whole("threads") };
  for (const result of Object.values(numbers)) if (!result.ok) return result;
  const file = (name: string): string | undefined => {
    const value = values.text(name);
    return value === undefined ? undefined : path.resolve(value);
  };
  const all: Record<string, unknown> = {
    model: file("model"), data: file("data"), agentModel: file("agent-model"), goal: values.text("goal"), budget: values.text("budget"), metric: values.text("metric"),
    planner: values.text("planner"), ...Object.fromEntries(Object.entries(numbers).map(([name, result]) => [name, result.ok ? result.value : undefined])),
  };
  return { ok: true, value: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) };
}
