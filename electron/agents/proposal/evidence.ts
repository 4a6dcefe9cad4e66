import type { NodeSummary, PlannerContext } from "../../contract/index.js";

/** How much of each list of a context a prompt shows, the newest of nodes and the first of what comes ranked. */
export const shown = { path: 6, siblings: 8, keyNodes: 8, insights: 5, cards: 6, hints: 5, failures: 8, sizes: 8, guards: 8 } as const;

/** Everything a proposal may rest on: what the context shows, and "rule". */
export function knownEvidence(context: PlannerContext): ReadonlySet<string> {
  return evidenceOf([context.parent, ...context.path, ...context.siblings, ...context.keyNodes], context);
}

/** The part of it that a prompt shows, however large the context: at most 58 ids. */
export function shownEvidence(context: PlannerContext): readonly string[] {
  const nodes = [context.parent, ...context.path.slice(-shown.path), ...context.siblings.slice(-shown.siblings), ...context.keyNodes.slice(-shown.keyNodes)];
  return [...evidenceOf(nodes, { cards: context.cards.slice(0, shown.cards), hints: context.hints.slice(0, shown.hints) })];
}

function evidenceOf(nodes: readonly NodeSummary[], { cards, hints }: Pick<PlannerContext, "cards" | "hints">): ReadonlySet<string> {
  return new Set([
    ...nodes.map((node) => node.id),
    ...nodes.filter((node) => node.insight !== null).map((node) => `diagnosis:${node.id}`),
    ...cards.map((card) => card.id),
    ...hints.map((hint) => `hint:${hint.id}`),
    "rule",
  ]);
}
