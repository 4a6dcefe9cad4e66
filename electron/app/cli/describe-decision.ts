import { moves, type RunView, type TreeNode } from "../../contract/index.js";
import { formatDuration, formatScore } from "./format.js";
import { plain } from "./output.js";

/** How a node came to be and what came of it, for `trex show ID --node NODE`. */
export function describeDecision(view: RunView, node: TreeNode): string {
  const { decision, plan } = node;
  const lines = [
    `${node.id}  ${plain(plan.title)} (${node.axis}, from ${node.parent ?? "nothing"}, decided by ${node.decidedBy})`,
    `Score       ${node.score === null ? (node.pilot === null ? "none" : `${formatScore(node.pilot)} (pilot)`) : formatScore(node.score)}  ${node.verdict ?? node.status}`,
    `Hypothesis  ${plain(plan.hypothesis)}${node.hypothesisHeld === null ? "" : node.hypothesisHeld ? " It held." : " It did not hold."}`,
    `Evidence    ${plan.evidence.map(plain).join(", ")}`,
    ...(node.insight === null ? [] : [`Insight     ${plain(node.insight)}`]),
    ...(plan.fallbackReason === null ? [] : [`Fallback    ${plain(plan.fallbackReason)}`]),
  ];
  if (decision === null) return [...lines, node.decidedBy === "user" ? "The user asked for it." : "The host makes this one in every run, without a decision."].join("\n");
  const { selection, known, direction, candidates, host, planner } = decision;
  return [
    ...lines,
    `Selection   ${plain(selection.reason)}`,
    `            of ${selection.considered.map((each) => `${each.nodeId} (UCT ${each.value.toFixed(2)}, mean ${each.mean.toFixed(3)}, ${each.visits} visits)`).join(", ")}`,
    `Known       cards ${listed(known.cards)}; nodes ${listed(known.nodes)}; hints ${listed(known.hints)}; ${known.insights.length} insights`,
    ...(direction === null ? [] : [`Direction   ${direction.axis}: ${plain(direction.why)}`]),
    ...candidates.map((each, index) => `${index === 0 ? "Candidates  " : "            "}${moves[each.move].title}: planner ${percent(each.planner)}, host ${percent(each.host)}${each.expectedGain === null ? "" : `, expected ${signed(each.expectedGain)} ± ${(each.standardDeviation ?? 0).toFixed(3)}`}${each.feasible === null ? "" : `, trains with ${percent(each.feasible)}`}${each.move === plan.move ? "  ← drawn" : ""}`),
    ...host.map((sentence, index) => `${index === 0 ? "Host        " : "            "}${plain(sentence)}`),
    `Planner     ${planner.name}, ${formatDuration(planner.seconds)}, ${planner.tokens} tokens${planner.prompts.length === 0 ? "" : `, prompts ${planner.prompts.map(plain).join(", ")}`}${view.plannerRetired === null ? "" : `; ${plain(view.plannerRetired)}`}`,
  ].join("\n");
}

const listed = (ids: readonly string[]): string => (ids.length === 0 ? "none" : ids.map(plain).join(", "));
const percent = (share: number): string => `${Math.round(100 * share)} %`;
const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
