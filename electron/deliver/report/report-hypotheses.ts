import type { RunView, TreeNode } from "../../contract/index.js";
import { cut } from "./cut.js";
import { html, type Html } from "./html.js";

const mostRows = 300;

/** What every experiment was to show, and whether it did: the planner's record, right and wrong. */
export function hypothesesSection(view: RunView): Html | null {
  const stated = view.nodes.filter((node) => node.plan.hypothesis !== "" && node.axis !== "baseline" && node.axis !== "seed");
  if (stated.length === 0) return null;
  const count = (held: boolean | null): number => stated.filter((node) => node.hypothesisHeld === held).length;
  const row = (node: TreeNode): Html => html`<tr><td>${node.id}</td><td>${cut(node.plan.hypothesis, 400)}</td><td><span class="badge ${node.hypothesisHeld === null ? "tone-noise" : node.hypothesisHeld ? "tone-gain" : "tone-worse"}">${node.hypothesisHeld === null ? "open" : node.hypothesisHeld ? "held" : "did not hold"}</span></td><td>${cut(node.plan.evidence.join(", "), 300)}</td></tr>`;
  return html`<section><h2>Hypotheses, and whether they held</h2><p>${count(true)} held, ${count(false)} did not, ${count(null)} were not decided.</p>
<div class="scroll"><table><thead><tr><th>Node</th><th>Hypothesis</th><th>Outcome</th><th>Evidence it rested on</th></tr></thead><tbody>${stated.slice(0, mostRows).map(row)}</tbody></table></div>${stated.length > mostRows ? html`<p class="soft">And ${stated.length - mostRows} more.</p>` : null}</section>`;
}
