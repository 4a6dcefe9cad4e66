import type { Decision, TreeNode } from "../../contract/index.js";
import { durationText, numberText, type Format } from "./format.js";
import { html, type Html } from "./html.js";
import { cut } from "./cut.js";

export const deciderTexts = { host: "host", "house-planner": "house planner", "language-model": "language model", user: "you" } as const satisfies Record<TreeNode["decidedBy"], string>;

const mostSentences = 20;

/** How a node came to be: what was known, what was weighed with which probability, and what the host made of it. */
export function decisionDetails(node: TreeNode, format: Format): Html | null {
  const { decision } = node;
  if (decision === null) return null;
  const { known, planner, selection } = decision;
  const pairs: (readonly [string, string])[] = [
    ["Grown from here because", selection.reason],
    ["Other places weighed", selection.considered.map(({ nodeId, value, mean, visits }) => `${nodeId} (worth ${numberText(value)}: mean ${numberText(mean)}, ${visits} ${visits === 1 ? "visit" : "visits"})`).join(", ")],
    ["Direction", decision.direction === null ? "" : `${decision.direction.axis}: ${decision.direction.why}`],
    ["Known to the planner", knownText(known)],
    ["Planner", `${deciderTexts[planner.name]}, ${durationText(planner.seconds)} and ${planner.tokens} tokens${planner.prompts.length === 0 ? "" : `, prompts ${planner.prompts.join(", ")}`}`],
  ];
  return html`<h3>How it was decided</h3><dl class="pairs">${pairs.filter(([, value]) => value !== "").map(([name, value]) => html`<dt>${name}</dt><dd>${cut(value)}</dd>`)}</dl>${candidates(decision, node, format)}${sentences(decision.host)}`;
}

function knownText(known: Decision["known"]): string {
  const named = (ids: readonly string[], what: string): string[] => (ids.length === 0 ? [] : [`${what} ${ids.join(", ")}`]);
  const insights = known.insights.length === 0 ? [] : [`${known.insights.length} insights`];
  return [...named(known.nodes, "nodes"), ...named(known.cards, "cards"), ...named(known.hints, "hints"), ...insights, `${known.promptCharacters} characters of prompt`].join("; ");
}

function candidates({ candidates: weighed }: Decision, node: TreeNode, format: Format): Html | null {
  if (weighed.length === 0) return null;
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  return html`<div class="scroll"><table><thead><tr><th>Candidate</th><th class="number">Planner</th><th class="number">Host</th><th class="number">Expected gain</th><th class="number">Trains to the end</th><th>Hypothesis</th></tr></thead><tbody>${weighed.slice(0, 12).map((one) => html`<tr${one.move === node.plan.move ? html` class="delivered"` : null}><td>${one.move}</td><td class="number">${percent(one.planner)}</td><td class="number">${percent(one.host)}</td>
<td class="number">${one.expectedGain === null ? "" : `${format.gain(one.expectedGain)}${one.standardDeviation === null ? "" : ` ± ${format.gain(Math.abs(one.standardDeviation)).slice(1)}`}`}</td><td class="number">${one.feasible === null ? "" : percent(one.feasible)}</td><td>${cut(node.plan.candidates.find(({ move }) => move === one.move)?.hypothesis ?? "")}</td></tr>`)}</tbody></table></div>`;
}

function sentences(host: readonly string[]): Html | null {
  if (host.length === 0) return null;
  return html`<ul>${host.slice(0, mostSentences).map((sentence) => html`<li>${cut(sentence)}</li>`)}</ul>${host.length > mostSentences ? html`<p class="soft">And ${host.length - mostSentences} more.</p>` : null}`;
}
