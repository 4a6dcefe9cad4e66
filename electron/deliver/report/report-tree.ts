import type { Estimate, RunView, TreeNode } from "../../contract/index.js";
import { miniInterval, toneOf } from "./charts.js";
import { bytesText, durationText, estimateText, numberText, type Format } from "./format.js";
import { html, type Html } from "./html.js";
import { cut } from "./cut.js";
import { decisionDetails, deciderTexts } from "./report-decision.js";
import { domainOf } from "./scale.js";
import { inTreeOrder, type PlacedNode } from "./tree-order.js";

/** The page stays a page: the tree in full up to here, and the full record of the nodes that matter most. */
export const mostRows = 1000;
const mostDetailed = 150;

const verdictTexts = { baseline: "baseline", gain: "gain", "within-noise": "within noise", worse: "worse", "idea-wrong": "idea wrong", "implementation-wrong": "failed to run" } as const;

/** Every node below the one it grew from, with what it brought and what it cost. */
export function treeTable(view: RunView, format: Format): Html | null {
  if (view.nodes.length === 0) return null;
  const estimates = view.nodes.flatMap((node) => (node.score === null ? [] : [node.score]));
  const domain = domainOf(estimates.flatMap((estimate) => [estimate.ci[0], estimate.ci[1]]), format.isRate);
  return html`<section><h2>Every experiment</h2>
<p class="soft">Scores are on dev-search, which the search steers by: the best of many looks better there than it is. Only the vault above is a fair test. A verdict compares a node with the better of its parent and the prompted base.</p>
<div class="scroll"><table><thead><tr><th>Experiment</th><th>Score, 95 % interval</th><th class="number">Against base</th><th>Verdict</th><th class="number">Cost</th><th>Insight</th></tr></thead>
<tbody>${inTreeOrder(view.nodes.slice(0, mostRows)).map((placed) => row(placed, view, domain, format))}</tbody></table></div>${view.nodes.length > mostRows ? html`<p class="soft">And ${view.nodes.length - mostRows} later ones.</p>` : null}</section>`;
}

function row({ node, branch }: PlacedNode, view: RunView, domain: readonly [number, number], format: Format): Html {
  return html`<tr${node.id === view.delivery?.nodeId ? html` class="delivered"` : null}>
<td class="title"><div class="node"><span class="branch">${branch}</span><div>${cut(node.plan.title, 200)}<small>${node.id} · ${node.axis} · ${deciderTexts[node.decidedBy]}${marksOf(node, view)}</small><small>${numbersText(node)}</small></div></div></td>
<td class="score">${scoreCell(node.score, domain, toneOf(node), format) ?? (node.pilot === null ? html`<span class="soft">none</span>` : html`<span class="soft">pilot ${format.score(node.pilot.score)}</span>`)}</td>
<td class="number">${node.gain === null ? "" : format.gain(node.gain.score)}</td>
<td>${badge(node)}</td>
<td class="number">${durationText(node.cost.totalSeconds)}${node.cost.agentSeconds === 0 ? null : html`<small>agents ${durationText(node.cost.agentSeconds)}</small>`}</td>
<td class="insight">${node.insight ?? ""}</td></tr>`;
}

function scoreCell(estimate: Estimate | null, domain: readonly [number, number], tone: string, format: Format): Html | null {
  return estimate === null ? null : html`${miniInterval(estimate, domain, tone)} ${format.score(estimate.score)}<small>${format.interval(estimate.ci)}</small>`;
}

function badge(node: TreeNode): Html {
  const text = node.status === "pruned" ? "pruned" : node.status === "cancelled" ? "not afforded" : node.verdict === null ? node.status : verdictTexts[node.verdict];
  return html`<span class="badge ${toneOf(node)}">${text}</span>`;
}

function numbersText(node: TreeNode): string {
  const numbers = Object.entries(node.plan.numbers).map(([name, { value }]) => `${spaced(name)} ${numberText(value)}`);
  return numbers.join(", ");
}

function marksOf(node: TreeNode, view: RunView): string {
  return `${node.id === view.delivery?.nodeId ? " · delivered" : ""}${node.id === view.baselineNodeId ? " · prompted base" : ""}`;
}

/** tokensPerStep -> tokens per step. */
const spaced = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** The full record of each node, folded away. */
export function experimentDetails(view: RunView, format: Format): Html | null {
  if (view.nodes.length === 0) return null;
  const shown = new Set(mostTelling(view));
  return html`<section><h2>Plans, decisions, recipes and sample answers</h2>${shown.size < view.nodes.length ? html`<p class="soft">The ${shown.size} of ${view.nodes.length} experiments that matter most: the delivered one and those it grew from, the baselines, the best and the newest.</p>` : null}${view.nodes.filter((node) => shown.has(node.id)).map((node) => details(node, format))}</section>`;
}

function mostTelling(view: RunView): string[] {
  const path: string[] = [];
  for (let id = view.delivery?.nodeId ?? view.bestNodeId; id !== null && !path.includes(id) && path.length < mostDetailed; id = view.nodes.find((node) => node.id === id)?.parent ?? null) path.push(id);
  const byScore = view.nodes.filter((node) => node.score !== null).sort((left, right) => (right.score?.score ?? 0) - (left.score?.score ?? 0)).map(({ id }) => id);
  const baselines = view.nodes.filter((node) => node.kind === "baseline").map(({ id }) => id);
  const order = [...path, ...baselines.slice(0, 10), ...byScore.slice(0, mostDetailed / 2), ...view.nodes.map(({ id }) => id).reverse()];
  return [...new Set(order)].slice(0, mostDetailed);
}

function details(node: TreeNode, format: Format): Html {
  const { training } = node.recipe;
  const pairs: (readonly [string, string])[] = [
    ["Hypothesis", node.plan.hypothesis], ["Held", node.hypothesisHeld === null ? "" : node.hypothesisHeld ? "yes" : "no"],
    ["Decided by", deciderTexts[node.decidedBy]], ["Instead of the language model", node.plan.fallbackReason ?? ""],
    ["Considered", node.plan.candidates.map((candidate) => `${candidate.move} (${Math.round(candidate.probability * 100)} %)`).join(", ")],
    ["Evidence", node.plan.evidence.join(", ")],
    ["Numbers", Object.entries(node.plan.numbers).map(([name, { value, by }]) => `${spaced(name)} ${numberText(value)} by ${by.replace("-", " ")}`).join(", ")],
    ["Prompt", `${node.recipe.prompt.system === null ? "no system prompt of its own" : "task in the system prompt"}, ${node.recipe.prompt.fewShot} worked examples${shotsText(node.recipe.prompt)}`],
    ["Data", node.recipe.data.length === 0 ? "all training rows" : node.recipe.data.map((step) => step.operator).join(", ")],
    ["Training", training === null ? "none" : `rank ${training.rank}, alpha ${numberText(training.alpha)}, ${training.targets} layers, rate ${numberText(training.learningRate)} (${training.schedule}), ${numberText(training.epochs)} epochs, ${training.tokensPerStep} tokens per step`],
    ["Pilot", node.pilot === null ? "" : estimateText(node.pilot, format)], ["Dev-search", node.score === null ? "" : estimateText(node.score, format)],
    ["Dev-select", node.finalist === null ? "" : `${estimateText(node.finalist.score, format)}, ${node.finalist.seeds} training ${node.finalist.seeds === 1 ? "seed" : "seeds"}`],
    ["Also measured", Object.entries(node.secondary).map(([name, value]) => `${name} ${numberText(value)}`).join(", ")],
    ["What kept failing", node.failures.slice(0, 10).map(({ label, share }) => `${label} ${Math.round(share * 100)} %`).join(", ")],
    ["Memory", memoryText(node)],
    ["Cost", `training ${durationText(node.cost.trainSeconds)}, evaluation ${durationText(node.cost.evalSeconds)}, agents ${durationText(node.cost.agentSeconds)} and ${node.cost.agentTokens} tokens`],
    ["Failure", node.failure === null ? "" : `${node.failure.class}: ${node.failure.message} ${node.failure.hint}`.trim()],
  ];
  return html`<details><summary>${node.id} ${cut(node.plan.title, 200)}${badge(node)}</summary>
<dl class="pairs">${pairs.filter(([, value]) => value !== "").map(([name, value]) => html`<dt>${name}</dt><dd>${cut(value)}</dd>`)}</dl>${decisionDetails(node, format)}${answers(node)}</details>`;
}

export function shotsText(prompt: TreeNode["recipe"]["prompt"]): string {
  if (prompt.fewShot === 0) return "";
  switch (prompt.shotSelection) {
    case "fixed": return ", the same for every question";
    case "similar": return ", those most like each question";
    case "coverage": return ", chosen to cover the kinds of answers and questions";
  }
}

function memoryText(node: TreeNode): string {
  if (node.memory === null) return "";
  const { plannedBytes, actualPeakBytes } = node.memory;
  if (actualPeakBytes === null) return `${bytesText(plannedBytes)} planned`;
  const error = ((actualPeakBytes - plannedBytes) / plannedBytes) * 100;
  return `${bytesText(plannedBytes)} planned, ${bytesText(actualPeakBytes)} at the peak (${error < 0 ? "−" : "+"}${Math.abs(error).toFixed(0)} %)`;
}

function answers(node: TreeNode): Html | null {
  if (node.samples.length === 0) return null;
  const cut = (text: string): string => (text.length > 400 ? `${text.slice(0, 399)}…` : text);
  return html`<div class="scroll"><table class="answers"><thead><tr><th>Question</th><th>Expected</th><th>Answer</th><th class="number">Score</th></tr></thead><tbody>${node.samples.slice(0, 8).map((sample) => html`<tr><td>${cut(sample.prompt)}</td><td>${cut(sample.expected)}</td><td>${cut(sample.answer)}</td><td class="number">${numberText(sample.score)}</td></tr>`)}</tbody></table></div>`;
}
