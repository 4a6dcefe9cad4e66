import { ok, type Result, type Task } from "../../contract/index.js";
import type { Command, CommandContext } from "./command.js";
import { runTask } from "./finish-run.js";
import { formatDuration } from "./format.js";
import { runDocument } from "./run-document.js";

/** What `npm run demo` starts. */
export const demoCommand: Command = {
  name: "demo",
  summary: "run the built-in demo",
  usage: "demo [--seed N] [--json]",
  details: ["--seed N   explores differently for each seed (default: the task's own)"],
  example: "npm run demo -- --json --seed 7",
  options: { seed: { type: "string" } },
  positionals: { least: 0, most: 0 },
  hidden: true,
  run: async (context) => await runTask(context, await demoTask(context), announce, runDocument),
};

async function demoTask(context: CommandContext): Promise<Result<Task>> {
  const seed = context.values.whole("seed");
  if (!seed.ok) return seed;
  const task = await context.app().demoTask();
  return task.ok ? ok({ ...task.value, seed: seed.value ?? task.value.seed }) : task;
}

function announce({ goal, budget }: Task, runId: string): string {
  const most = typeof budget === "number" ? formatDuration(budget) : budget;
  return `Demo: ${goal}\nRun ${runId} takes ${most} at most. Ctrl+C stops it; nothing finished is lost.`;
}
