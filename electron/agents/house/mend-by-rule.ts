import type { FailureClass, MendChoice, MendContext } from "../../contract/index.js";

/** For each class of failure, the repairs worth trying, the least loss of quality first. */
const orders: Readonly<Record<FailureClass, readonly MendChoice[]>> = {
  OOM: ["halve-batch", "halve-rank", "shorten-rows", "drop-prompt"],
  DIVERGED: ["lower-rate", "halve-rank"],
  TIMEOUT: ["fewer-epochs", "shorten-rows"],
  DATA: ["drop-last-data-operator", "drop-prompt", "shorten-rows"],
  CONFIG: ["drop-prompt", "drop-last-data-operator", "shorten-rows", "halve-rank"],
  ENV: [],
  CANCELLED: [],
  INTERNAL: ["drop-last-data-operator", "drop-prompt"],
};

/**
 * The repair an engineer would try after the mechanical one failed. A broken machine is not mended by another recipe, and
 * with no time for a node left nothing is worth it.
 */
export function mendByRule({ failure, choices, budget }: MendContext): { readonly choice: MendChoice; readonly why: string } {
  if (budget.nodesLeft < 1 || budget.remainingMs < budget.nodeMs / 2) return { choice: "give-up", why: "Too little of the budget is left to try again." };
  const order = orders[failure.class];
  const choice = order.find((candidate) => choices.includes(candidate));
  if (choice === undefined) return { choice: "give-up", why: order.length === 0 ? `No change of the recipe mends a failure of class ${failure.class}.` : `Nothing on offer mends a failure of class ${failure.class}.` };
  return { choice, why: `Failure of class ${failure.class}: ${choice} costs the least of what is on offer.` };
}
