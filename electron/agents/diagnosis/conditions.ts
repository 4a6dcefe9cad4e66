import type { CardCondition, DiagnosisContext, NodeSummary } from "../../contract/index.js";
import { lossShape } from "./loss-shape.js";

/** Mean loss per target token above which a training has not learned its own rows. Perplexity 4.5. */
export const highLoss = 1.5;

/** Validation loss well above training loss: what the adapter learned does not carry over. */
export const isMemorising = ({ trainLoss, validationLoss }: Pick<NodeSummary, "trainLoss" | "validationLoss">): boolean =>
  trainLoss !== null && validationLoss !== null && validationLoss > 1.3 * trainLoss + 0.05;

/** What holds of one trained node alone, from its figures and its curve. */
export function conditionsOf({ node, parent, gain, noiseFloor, loss }: DiagnosisContext): readonly CardCondition[] {
  if (node.recipe.training === null) return [];
  const shape = lossShape(loss);
  const memorises = shape === "overfitting" || isMemorising(node);
  const before = parent?.score ?? null;
  const noBetter = (gain ?? (node.score !== null && before !== null ? node.score - before : null) ?? 0) < 2 * noiseFloor;
  const found: CardCondition[] = [];
  if (memorises) found.push("overfitting");
  if (shape === "unstable") found.push("unstable");
  if (shape === "falling") found.push("loss-falling");
  if (shape === "flat") found.push("loss-flat");
  if (!memorises && shape !== "unstable" && node.trainLoss !== null && node.trainLoss > highLoss && noBetter) found.push("underfitting");
  return found;
}
