import { assertNever, type TreeNode } from "../../contract.js";
import type { IconName } from "../../ui/icon.js";
import type { Tone } from "../../ui/tone.js";

export interface NodeState {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly label: string;
  /** One sentence for somebody who has never seen the word. */
  readonly hint: string;
}

/** What a node's status and verdict mean on the screen: always colour, icon and word together. */
export function nodeState(node: Pick<TreeNode, "status" | "verdict" | "failure">): NodeState {
  switch (node.status) {
    case "planned":
      return { tone: "quiet", icon: "circle", label: "Planned", hint: "Chosen, and waiting for its turn." };
    case "running":
      return { tone: "info", icon: "running", label: "Running", hint: "Being prepared, trained or scored right now." };
    case "pruned":
      return { tone: "quiet", icon: "cut", label: "Stopped early", hint: "A short trial did not look promising, so no more time was spent on it." };
    case "failed":
      return { tone: "bad", icon: "alert", label: "Failed", hint: "It could not be carried out. That says nothing about the idea itself." };
    case "cancelled":
      return { tone: "quiet", icon: "cut", label: "Cancelled", hint: "Ended before it had a result." };
    case "done":
      return verdictState(node);
    default:
      return assertNever(node.status);
  }
}

function verdictState(node: Pick<TreeNode, "verdict">): NodeState {
  switch (node.verdict) {
    case "baseline":
      return { tone: "base", icon: "flag", label: "Baseline", hint: "The base model without training: what every experiment is measured against." };
    case "gain":
      return { tone: "gain", icon: "up", label: "Gain", hint: "Better than what it is compared with, its parent or the prompted base model, by more than chance explains." };
    case "within-noise":
      return { tone: "warn", icon: "wave", label: "Within noise", hint: "The difference is too small to tell from chance." };
    case "worse":
      return { tone: "bad", icon: "down", label: "Worse", hint: "Scored below what it is compared with, by more than chance explains." };
    case "idea-wrong":
      return { tone: "warn", icon: "cross", label: "Idea did not hold", hint: "It ran as planned, and the expected improvement did not come." };
    case "implementation-wrong":
      return { tone: "bad", icon: "alert", label: "Did not run right", hint: "The attempt went wrong; the idea may still be good." };
    case null:
      return { tone: "quiet", icon: "check", label: "Done", hint: "Finished." };
    default:
      return assertNever(node.verdict);
  }
}

/** The score a node is compared by, and how much of the data stands behind it. */
export function scoreOf(node: Pick<TreeNode, "score" | "pilot">): { estimate: NonNullable<TreeNode["score"]>; pilotOnly: boolean } | null {
  if (node.score !== null) return { estimate: node.score, pilotOnly: false };
  if (node.pilot !== null) return { estimate: node.pilot, pilotOnly: true };
  return null;
}
