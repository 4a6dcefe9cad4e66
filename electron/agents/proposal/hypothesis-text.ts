import type { Prediction } from "../../contract/index.js";

/** The contract's limit (contract/node.ts). */
const mostCharacters = 300;

/** The reason, then the one thing that would prove it wrong. */
export function hypothesisText(why: string, { figure, change, by }: Prediction, parentId: string): string {
  const expected = change === "same" ? `${figure} within ${by} of ${parentId}` : `${figure} ${change} by at least ${by} against ${parentId}`;
  const end = ` Expected: ${expected}.`;
  return `${why.slice(0, mostCharacters - end.length)}${end}`;
}
