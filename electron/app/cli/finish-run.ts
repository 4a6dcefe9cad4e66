import type { Result, RunView, Task } from "../../contract/index.js";
import { refuse, type CommandContext, type ExitCode } from "./command.js";
import { followRun } from "./follow-run.js";
import { runDocument } from "./run-document.js";
import { describeRun } from "./run-report.js";

/** Starts a run for a task, or says why not, and stays with it to its end. Shared by run and demo. */
export async function runTask(context: CommandContext, task: Result<Task>, announce: (task: Task, runId: string) => string, document: (view: RunView) => unknown): Promise<ExitCode> {
  if (!task.ok) return refuse(context, task.error);
  const started = await context.app().runs.start(task.value);
  if (!started.ok) return refuse(context, started.error);
  context.output.note(announce(task.value, started.value.runId));
  return await finishRun(context, started.value.runId, document);
}

/** Follows a queued run to where it rests and prints it. Shared by run, resume and demo. */
export async function finishRun(context: CommandContext, runId: string, document: (view: RunView) => unknown): Promise<ExitCode> {
  const app = context.app();
  const stopFollowing = followRun(app, runId, context.output);
  // The manager's own dispose interrupts the run and waits for its journal.
  const interrupt = (): void => void app.runs.dispose();
  context.signal.addEventListener("abort", interrupt, { once: true });
  if (context.signal.aborted) interrupt();
  const settled = await app.runs.settled(runId);
  stopFollowing();
  return printRun(context, settled, document);
}

function printRun(context: CommandContext, settled: Result<RunView>, document: (view: RunView) => unknown): ExitCode {
  if (!settled.ok) {
    return refuse(context, settled.error);
  }
  const view = settled.value;
  const failed = view.status === "failed" || (view.status === "paused" && view.failure !== null);
  if (failed && view.failure !== null) {
    return refuse(context, { ...view.failure, hint: `${view.failure.hint} The run ${view.runId} and everything finished in it are kept.`.trim() });
  }
  if (context.json) context.output.json(document(view));
  else context.output.result(describeRun(view));
  if (view.status === "done") return 0;
  if (context.json) context.output.note(`Everything finished is kept. Go on with: npx trex resume ${view.runId}`);
  return view.status === "interrupted" ? 130 : 0;
}

/** `trex run --json`: the demo's document and how the run ended. */
export function runResultDocument(view: RunView): unknown {
  return { ...runDocument(view), status: view.status, goal: view.requirement?.goal ?? null, metric: view.requirement?.metric ?? null, gain: view.vault?.gain ?? null, pValue: view.vault?.pValue ?? null, delivery: view.delivery, warnings: view.warnings };
}
