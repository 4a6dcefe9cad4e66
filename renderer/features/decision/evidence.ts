import { assertNever, type RunView } from "../../contract.js";

/** What an id in a decision stands for, and where it leads. */
export type Evidence =
  | { readonly kind: "rule" }
  | { readonly kind: "node"; readonly nodeId: string; readonly title: string }
  | { readonly kind: "diagnosis"; readonly nodeId: string; readonly title: string }
  | { readonly kind: "card"; readonly cardId: string; readonly title: string }
  | { readonly kind: "hint"; readonly text: string }
  | { readonly kind: "unknown"; readonly id: string };

interface Known {
  readonly view: Pick<RunView, "nodes" | "steering" | "cards">;
  readonly cardTitles: ReadonlyMap<string, string>;
}

/** Ids are those of `Proposal.evidence`: nodes, cards, "hint:…", "diagnosis:NODE" and "rule". Hints and nodes may be gone. */
export function readEvidence(id: string, { view, cardTitles }: Known): Evidence {
  if (id === "rule") return { kind: "rule" };
  const titleOf = (nodeId: string): string | null => view.nodes.find((node) => node.id === nodeId)?.plan.title ?? null;
  const [prefix, rest] = id.includes(":") ? [id.slice(0, id.indexOf(":")), id.slice(id.indexOf(":") + 1)] : [null, id];
  if (prefix === "hint") return { kind: "hint", text: hintText(rest, view) };
  if (prefix === "diagnosis") {
    const title = titleOf(rest);
    return title === null ? { kind: "unknown", id } : { kind: "diagnosis", nodeId: rest, title };
  }
  const nodeTitle = titleOf(id);
  if (nodeTitle !== null) return { kind: "node", nodeId: id, title: nodeTitle };
  const cardTitle = cardTitles.get(id);
  if (cardTitle !== undefined || view.cards.includes(id)) return { kind: "card", cardId: id, title: cardTitle ?? id };
  return { kind: "unknown", id };
}

/** A hint as it was written; after it was removed only its name is known. */
export const hintText = (id: string, view: Known["view"]): string => view.steering.hints.find((hint) => hint.id === id)?.text ?? `${id} (removed since)`;

export function evidenceWords(evidence: Evidence): string {
  switch (evidence.kind) {
    case "rule":
      return "a rule of the app";
    case "node":
      return evidence.title;
    case "diagnosis":
      return `what went wrong in “${evidence.title}”`;
    case "card":
      return evidence.title;
    case "hint":
      return `your hint “${evidence.text}”`;
    case "unknown":
      return evidence.id;
    default:
      return assertNever(evidence);
  }
}
