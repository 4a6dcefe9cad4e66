import type { RunView } from "../../contract/index.js";
import { drawTree } from "./draw-tree.js";
import { formatCost, formatScore } from "./format.js";
import { plain } from "./output.js";

/** What a person reads when a run rests: the tree, the headline, the cost, where things lie, what to do next. */
export function describeRun(view: RunView): string {
  const lines = [drawTree(view), ""];
  lines.push(...headline(view));
  lines.push(`Cost       ${formatCost(view.cost)}`);
  if (view.delivery !== null) {
    if (view.delivery.adapterPath !== null) lines.push(`Adapter    ${view.delivery.adapterPath}`);
    lines.push(`Report     ${view.delivery.reportPath}`);
  }
  for (const warning of view.warnings.slice(0, 5)) lines.push(`Note       ${plain(warning)}`);
  lines.push(...nextSteps(view));
  return lines.join("\n");
}

function headline(view: RunView): readonly string[] {
  const { vault, baseline } = view;
  if (vault === null) return [`Status     ${plain(view.phase)}`];
  const lines = [
    `Vault      ${formatScore(vault)} on ${vault.n} unseen rows, opened ${vault.timesOpened === 1 ? "once" : `${vault.timesOpened} times`}`,
    ...(baseline === null ? [] : [`Baseline   ${formatScore(baseline)} (${isPrompt(view) ? "the bare" : "the prompted"} base model on the same rows)`]),
    `Gain       ${formatScore(vault.gain)}, p = ${vault.pValue < 0.001 ? "under 0.001" : vault.pValue.toFixed(3)} (paired)`,
  ];
  return view.delivery === null ? lines : [...lines, `Delivered  ${plain(view.delivery.reason)}`];
}

/** The candidate was a prompt, so it was held against the model without any. */
function isPrompt(view: RunView): boolean {
  const candidate = view.nodes.find((node) => node.id === view.vault?.nodeId);
  return candidate?.recipe.training === null;
}

function nextSteps(view: RunView): readonly string[] {
  switch (view.status) {
    case "done":
      return ["", `See it in the app:  npm start -- --run ${view.runId}   or   npx trex serve --open --run ${view.runId}`];
    case "paused":
    case "stopped":
    case "interrupted":
      return ["", `Everything finished is kept. Go on with:  npx trex resume ${view.runId}`];
    case "failed":
      return view.failure === null ? [] : ["", plain(`${view.failure.message} ${view.failure.hint}`.trim())];
    case "preparing":
    case "searching":
    case "finalists":
    case "vault":
      return ["", `Watch it in the app:  npx trex serve --open --run ${view.runId}`];
  }
}
