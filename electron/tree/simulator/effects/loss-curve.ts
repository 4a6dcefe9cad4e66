import type { CardCondition, LossPoint } from "../../../contract/index.js";
import { randomNormal } from "../../../stats/index.js";
import type { Constants } from "../scenario/family-fields.js";
import type { Loss } from "./loss-surface.js";

const points = 16;
/** Loss of the best training, nats for a token: the published runs end near it. */
const bestLoss = 0.6;

/** The curve that a trainer would have written, and what a host reads off its end. */
export function lossCurve(request: { readonly loss: Loss; readonly constants: Constants; readonly fraction: number; readonly random: () => number }): { readonly loss: readonly LossPoint[]; readonly conditions: readonly CardCondition[] } {
  const { loss, constants, random } = request;
  const end = bestLoss + loss.excess;
  const start = bestLoss + constants.trainableNats;
  const isOverfitting = loss.overfit > 0.003;
  const isUnstable = loss.decadesToCliff < 0.12;
  const isFalling = loss.underfit > 0.02;
  const curve = Array.from({ length: points }, (_, index): LossPoint => {
    const share = (index + 1) / points;
    // A training that is still falling goes down in a straight line; one that has levelled off did most of it early.
    const fallen = isFalling ? share : 1 - Math.exp(-6 * share);
    const noise = 0.002 * randomNormal(random) + (isUnstable ? 0.3 * Math.max(0, share - 0.7) * Math.abs(randomNormal(random)) : 0);
    const memorised = isOverfitting ? 0.2 * Math.max(0, share - 0.5) : 0;
    const value = start + (Math.min(end, start) - start) * fallen + noise - memorised;
    const validation = isOverfitting ? end - 0.02 + 0.08 * Math.max(0, share - 0.5) : start + (end - start) * fallen;
    return (index + 1) % 4 === 0 ? { step: 10 * (index + 1), loss: Math.max(0.01, value), validation } : { step: 10 * (index + 1), loss: Math.max(0.01, value) };
  });
  const conditions: CardCondition[] = [];
  if (isOverfitting) conditions.push("overfitting");
  if (isUnstable) conditions.push("unstable");
  if (isFalling && !isOverfitting) conditions.push("loss-falling", "underfitting");
  if (!isFalling && !isOverfitting && !isUnstable) conditions.push("loss-flat");
  return { loss: curve, conditions };
}
