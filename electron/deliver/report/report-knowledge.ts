import { assertNever, type Card, type JournalRecord, type RunView, type SteeringAction } from "../../contract/index.js";
import { cut } from "./cut.js";
import { html, type Html } from "./html.js";

const mostCards = 60;
const mostActions = 200;

const confidenceTexts = { measured: "measured", reported: "reported by its authors", secondary: "second hand", derived: "derived" } as const satisfies Record<Card["confidence"], string>;

/** The cards that a planner saw or a node rests on, with their sources; then how many more were at hand. */
export function cardsSection(view: RunView, records: readonly JournalRecord[]): Html | null {
  if (view.cards.length === 0) return null;
  const fixed = records.flatMap(({ event }) => (event.type === "knowledge-fixed" ? event.cards : []));
  const uses = new Map<string, string[]>();
  for (const node of view.nodes) {
    for (const id of new Set([...(node.decision?.known.cards ?? []), ...node.plan.evidence])) if (view.cards.includes(id)) uses.set(id, [...(uses.get(id) ?? []), node.id]);
  }
  const used = [...uses].sort(([, left], [, right]) => right.length - left.length).slice(0, mostCards);
  const shown = used.map(([id, nodes]) => html`<li>${cardText(fixed.find((card) => card.id === id) ?? null, id)}<small class="soft"> Used for ${cut(nodes.join(", "), 300)}.</small></li>`);
  return html`<section><h2>What it knew</h2><p>${view.cards.length} knowledge cards were at hand, and ${uses.size} of them were put before a planner or cited.</p>${shown.length === 0 ? null : html`<ul>${shown}</ul>`}</section>`;
}

function cardText(card: Card | null, id: string): Html {
  if (card === null) return html`<code>${id}</code>.`;
  const sources = card.sources.map(({ title, reference, locator, year }) => `${title} (${reference}${year === null ? "" : `, ${year}`}${locator === "" ? "" : `, ${locator}`})`).join("; ");
  const disagreements = card.disagreements.map(({ source, claim }) => `${source}: ${claim}`).join("; ");
  return html`<strong>${card.claim}</strong> ${card.scope} <span class="soft">${confidenceTexts[card.confidence]}. ${cut(sources)} <code>${id}</code>${disagreements === "" ? null : html` Otherwise: ${cut(disagreements)}`}</span>`;
}

/** Everything the user did to the run, in order; of a journal that is not at hand, what still holds. */
export function steeringSection(view: RunView, records: readonly JournalRecord[]): Html | null {
  const done = records.flatMap(({ event, time }) => (event.type === "steered" ? [{ id: event.id, time, text: actionText(event.action) }] : []));
  const standing = done.length > 0 ? [] : [
    ...view.steering.pinned.map((id) => ({ id: "", time: "", text: `Pinned ${id}.` })),
    ...view.steering.pruned.map((id) => ({ id: "", time: "", text: `Cut off ${id}.` })),
    ...view.steering.hints.map(({ id, text }) => ({ id, time: "", text: `Gave the hint: ${text}` })),
    ...view.steering.branches.map(({ id, nodeId, change }) => ({ id, time: "", text: actionText({ kind: "branch", nodeId, change }) })),
  ];
  const actions = [...done, ...standing];
  if (actions.length === 0) return null;
  const answered = (id: string): string => {
    const nodes = records.flatMap(({ event }) => (id !== "" && event.type === "node-created" && event.answers === id ? [event.nodeId] : []));
    return nodes.length === 0 ? "" : ` It became ${nodes.join(", ")}.`;
  };
  return html`<section><h2>What you did to the run</h2><ul>${actions.slice(0, mostActions).map(({ id, time, text }) => html`<li>${time === "" ? "" : `${time.slice(0, 10)} ${time.slice(11, 16)} UTC: `}${cut(text, 500)}${answered(id)}</li>`)}</ul>${actions.length > mostActions ? html`<p class="soft">And ${actions.length - mostActions} more.</p>` : null}</section>`;
}

function actionText(action: SteeringAction): string {
  switch (action.kind) {
    case "pin": return `Pinned ${action.nodeId}: it grows before all others.`;
    case "unpin": return `Let ${action.nodeId} go again.`;
    case "prune": return `Cut off ${action.nodeId}: nothing grows from it any more.`;
    case "restore": return `Took back the cut of ${action.nodeId}.`;
    case "branch": return `Asked for ${action.nodeId} with ${action.change.field} ${action.change.value ?? "none"}.`;
    case "hint": return `Gave the hint: ${action.text}`;
    case "remove-hint": return `Took back the hint ${action.hintId}.`;
    case "budget": return `Set the budget to ${Math.round(action.totalMs / 60_000)} minutes.`;
    default: return assertNever(action);
  }
}
