import type { Estimate, RunView, TreeNode } from "../../contract/index.js";
import type { Format } from "./format.js";
import { html, type Html } from "./html.js";
import { createScale, domainOf, type Scale } from "./scale.js";

const width = 1000;

/** A coordinate with one decimal: finer is invisible and makes the file long. */
const px = (value: number): string => value.toFixed(1);

export interface IntervalRow {
  readonly label: string;
  readonly estimate: Estimate;
  readonly tone: "base" | "candidate";
}

/** Scores as dots on lines as long as their 95 % intervals, on one axis: whether two overlap is seen at once. */
export function intervalChart(rows: readonly IntervalRow[], format: Format): Html {
  const rowHeight = 58;
  const height = rows.length * rowHeight + 34;
  const left = 190;
  const scale = createScale(domainOf(rows.flatMap((row) => [row.estimate.ci[0], row.estimate.ci[1], row.estimate.score]), format.isRate), [left, width - 80], 6);
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${rows.map((row) => `${row.label}: ${format.score(row.estimate.score)}, interval ${format.interval(row.estimate.ci)}`).join("; ")}">
${scale.ticks.map((tick) => html`<line class="grid" x1="${px(scale.at(tick))}" x2="${px(scale.at(tick))}" y1="8" y2="${height - 28}"/><text class="tick" x="${px(scale.at(tick))}" y="${height - 8}" text-anchor="middle">${format.score(tick)}</text>`)}
${rows.map((row, index) => intervalRow(row, 8 + rowHeight * index + rowHeight / 2, scale, format))}
</svg>`;
}

function intervalRow(row: IntervalRow, y: number, scale: Scale, format: Format): Html {
  const [low, high] = row.estimate.ci;
  return html`<text class="row-label" x="0" y="${px(y + 6)}">${row.label}</text>
<line class="whisker ${row.tone}" x1="${px(scale.at(low))}" x2="${px(scale.at(high))}" y1="${px(y)}" y2="${px(y)}"/>
<line class="cap ${row.tone}" x1="${px(scale.at(low))}" x2="${px(scale.at(low))}" y1="${px(y - 8)}" y2="${px(y + 8)}"/>
<line class="cap ${row.tone}" x1="${px(scale.at(high))}" x2="${px(scale.at(high))}" y1="${px(y - 8)}" y2="${px(y + 8)}"/>
<circle class="dot ${row.tone}" cx="${px(scale.at(row.estimate.score))}" cy="${px(y)}" r="8"/>
<text class="value" x="${px(scale.at(row.estimate.score))}" y="${px(y - 14)}" text-anchor="middle">${format.score(row.estimate.score)}</text>`;
}

/** Every scored node in the order it was run, its interval, and a line to the node it grew from. */
export function treeChart(view: RunView, format: Format): Html | null {
  const scored = view.nodes.filter((node) => node.score !== null);
  if (scored.length < 2) return null;
  const height = 340;
  const estimates = new Map(scored.map((node) => [node.id, node.score ?? { score: 0, ci: [0, 0] as [number, number], n: 0 }]));
  const ys = createScale(domainOf([...estimates.values()].flatMap((estimate) => [estimate.ci[0], estimate.ci[1]]), format.isRate), [height - 40, 16], 6);
  const last = view.nodes.length - 1;
  const x = (node: TreeNode): number => 90 + ((width - 130) * view.nodes.indexOf(node)) / Math.max(1, last);
  const y = (node: TreeNode): number => ys.at(estimates.get(node.id)?.score ?? 0);
  const base = scored.find((node) => node.id === view.baselineNodeId);
  const every = Math.max(1, Math.ceil(view.nodes.length / 14));
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="Score of every experiment in the order it was run">
${ys.ticks.map((tick) => html`<line class="grid" x1="76" x2="${width - 20}" y1="${px(ys.at(tick))}" y2="${px(ys.at(tick))}"/><text class="tick" x="66" y="${px(ys.at(tick) + 5)}" text-anchor="end">${format.score(tick)}</text>`)}
${base === undefined ? null : html`<line class="base-line" x1="76" x2="${width - 20}" y1="${px(y(base))}" y2="${px(y(base))}"/>`}
${scored.flatMap((node) => { const parent = scored.find((other) => other.id === node.parent); return parent === undefined ? [] : [html`<path class="edge" d="M${px(x(parent))} ${px(y(parent))} C${px((x(parent) + x(node)) / 2)} ${px(y(parent))} ${px((x(parent) + x(node)) / 2)} ${px(y(node))} ${px(x(node))} ${px(y(node))}"/>`]; })}
${scored.map((node) => html`<g class="${toneOf(node)}"><title>${node.id} ${node.plan.title}: ${format.score(estimates.get(node.id)?.score ?? 0)}</title>
<line class="whisker thin" x1="${px(x(node))}" x2="${px(x(node))}" y1="${px(ys.at(estimates.get(node.id)?.ci[0] ?? 0))}" y2="${px(ys.at(estimates.get(node.id)?.ci[1] ?? 0))}"/>
<circle class="dot" cx="${px(x(node))}" cy="${px(y(node))}" r="${node.id === view.delivery?.nodeId ? 9 : 6}"/></g>`)}
${view.nodes.filter((node) => node.score === null).map((node) => html`<text class="missed" x="${px(x(node))}" y="${height - 42}" text-anchor="middle">×<title>${node.id} ${node.plan.title}: ${node.status}</title></text>`)}
${view.nodes.filter((_node, index) => index % every === 0).map((node) => html`<text class="tick" x="${px(x(node))}" y="${height - 12}" text-anchor="middle">${node.id}</text>`)}
</svg>`;
}

/** Training loss by step, and the validation loss where it was measured. */
export function lossChart(node: TreeNode): Html | null {
  if (node.loss.length < 2) return null;
  const height = 260;
  const validation = node.loss.flatMap((point) => (point.validation === undefined ? [] : [{ step: point.step, loss: point.validation }]));
  const losses = [...node.loss, ...validation].map((point) => point.loss).filter(Number.isFinite);
  const ys = createScale(domainOf(losses, false), [height - 40, 14], 5);
  const xs = createScale([0, node.loss.at(-1)?.step ?? 1], [80, width - 30], 8);
  const line = (points: readonly { step: number; loss: number }[]): string => points.filter((point) => Number.isFinite(point.loss)).map((point, index) => `${index === 0 ? "M" : "L"}${px(xs.at(point.step))} ${px(ys.at(point.loss))}`).join(" ");
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="Training loss of ${node.id} by step, from ${node.loss[0]?.loss.toFixed(3) ?? ""} to ${node.loss.at(-1)?.loss.toFixed(3) ?? ""}">
${ys.ticks.map((tick) => html`<line class="grid" x1="76" x2="${width - 20}" y1="${px(ys.at(tick))}" y2="${px(ys.at(tick))}"/><text class="tick" x="66" y="${px(ys.at(tick) + 5)}" text-anchor="end">${String(tick)}</text>`)}
${xs.ticks.map((tick) => html`<text class="tick" x="${px(xs.at(tick))}" y="${height - 12}" text-anchor="middle">${String(tick)}</text>`)}
<path class="curve" d="${line(node.loss)}"/>
${validation.map((point) => html`<circle class="validation" cx="${px(xs.at(point.step))}" cy="${px(ys.at(point.loss))}" r="6"><title>validation loss ${point.loss.toFixed(3)} at step ${point.step}</title></circle>`)}
</svg>`;
}

/** One node's score on the scale of the whole table. */
export function miniInterval(estimate: Estimate, domain: readonly [number, number], tone: string): Html {
  const scale = createScale(domain, [4, 116], 2);
  return html`<svg class="mini ${tone}" viewBox="0 0 120 16" aria-hidden="true"><line class="track" x1="4" x2="116" y1="8" y2="8"/><line class="whisker" x1="${px(scale.at(estimate.ci[0]))}" x2="${px(scale.at(estimate.ci[1]))}" y1="8" y2="8"/><circle class="dot" cx="${px(scale.at(estimate.score))}" cy="8" r="4"/></svg>`;
}

export function toneOf(node: TreeNode): string {
  if (node.status === "failed") return "tone-failed";
  if (node.status === "pruned" || node.status === "cancelled") return "tone-worse";
  switch (node.verdict) {
    case "gain": return "tone-gain";
    case "baseline": return "tone-baseline";
    case "worse": case "idea-wrong": return "tone-worse";
    case "implementation-wrong": return "tone-failed";
    case "within-noise": case null: return "tone-noise";
  }
}
