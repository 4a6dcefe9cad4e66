import type { Push, RunView } from "../../contract/index.js";
import type { App } from "../create-app.js";
import { formatDuration, formatScore } from "./format.js";
import { plain, type Output } from "./output.js";

/**
 * The live view on standard error: one line whenever something is finished, and on a terminal a last line that says
 * what happens now. Calm on purpose: nothing scrolls that is not news.
 */
export function followRun(app: App, runId: string, output: Output): () => void {
  const told = new Set<string>();
  let phase = "";
  return app.push.subscribe(({ message }: Push) => {
    switch (message.type) {
      case "run":
        if (message.view.runId !== runId) return;
        phase = tellNews(message.view, phase, told, output);
        return;
      case "progress":
        if (message.runId !== runId) return;
        output.status(progressLine(message));
        return;
      case "memory":
      case "runs-changed":
        return;
    }
  });
}

function tellNews(view: RunView, lastPhase: string, told: Set<string>, output: Output): string {
  for (const node of view.nodes) {
    if (node.finishedAt === null || told.has(node.id)) continue;
    told.add(node.id);
    const score = node.score === null ? (node.failure === null ? node.status : `${node.status}, ${node.failure.class}: ${node.failure.message}`) : `${formatScore(node.score)} ${node.verdict ?? ""}`;
    output.note(plain(`${time(view)}  ${node.id}  ${node.plan.title}: ${score} (${formatDuration(node.cost.totalSeconds)})`));
  }
  if (view.phase !== lastPhase) {
    // Between experiments the phase repeats what the nodes' own lines say.
    if (view.status !== "searching") output.note(plain(`${time(view)}  ${view.phase}`));
    else output.status(`${time(view)}  ${view.phase}`);
  }
  return view.phase;
}

/** Spent and total; before the requirement is fixed there is no budget to speak of. */
function time(view: RunView): string {
  if (view.budget.totalMs === 0) return "".padStart(24);
  return `${formatDuration(view.budget.spentMs / 1000)} of ${formatDuration(view.budget.totalMs / 1000)}`.padStart(24);
}

function progressLine({ nodeId, stage, done, total, loss, tokensPerSecond }: Extract<Push["message"], { type: "progress" }>): string {
  const parts = [`${nodeId} ${stage}`, total > 0 ? `${done}/${total}` : "", loss === null ? "" : `loss ${loss.toFixed(3)}`, tokensPerSecond === null ? "" : `${Math.round(tokensPerSecond)} tokens/s`];
  return `  ${parts.filter((part) => part !== "").join("  ")}`;
}
