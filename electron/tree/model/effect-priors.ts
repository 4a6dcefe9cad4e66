import { moves, type Card, type CardCondition, type MoveId, type NumericField } from "../../contract/index.js";
import { numberFields, toUnit } from "../numbers/unit-scale.js";
import { switches, type RecipeFeatures, type Switch } from "./recipe-features.js";

/** What cards say, as far as it is believed. The same shape as a policy's `Prior`. */
export interface EffectPrior {
  readonly effect: Card["effects"][number];
  readonly weight: number;
}

/** What is expected of a recipe before any node says something, on the latent scale. */
export interface EffectPriors {
  /** Relative to the default recipe's own expectation: only differences between recipes mean something. */
  meanOf(features: RecipeFeatures): number;
  /** Beyond that: what a move is expected to bring from a parent of which these conditions hold. Only cards limited to a condition of a single node. */
  gainOf(move: MoveId, conditions: readonly CardCondition[]): number;
}

/**
 * Believed when no card says otherwise (reliability.md 14 and 15): centre and spread in the field's range, and what lies
 * one range away is expected to cost, in log-odds. They are priors like any card's, and data overrules both.
 */
const known: Readonly<Record<NumericField, { readonly centre: number; readonly spread: number; readonly cost: number }>> = {
  learningRate: { centre: 3.5e-4, spread: 0.15, cost: 1.2 },
  rank: { centre: 24, spread: 0.3, cost: 0.1 },
  epochs: { centre: 3.5, spread: 0.2, cost: 1 },
  dropout: { centre: 0.05, spread: 0.4, cost: 0.05 },
  weightDecay: { centre: 0.02, spread: 0.4, cost: 0.03 },
  tokensPerStep: { centre: 1200, spread: 0.25, cost: 0.3 },
};
/** How much the table above counts against one fully believed card. */
const knownWeight = 0.4;
/** Expected effect of a switch without a card. Half of the rows is less to learn from; attention only loses (reliability.md 14). */
const switchMeans: Partial<Record<Switch, number>> = { "halvings": -0.18, "attention-only": -0.12, "mlp-only": -0.04, "deduplicate": 0.02, "drop-conflicts": 0.05, "moved-rank": 0.02, "system": 0.15, "format-rules": 0.15, "shots": 0.2, "similar-shots": 0.08, "coverage-shots": 0.04 };
/** A prompt's worth after training, as a share of before. */
const promptAfterTraining = 0.2;
/** A doubling of the epochs, as a share of their range. */
const doubling = toUnit("epochs", 2) - toUnit("epochs", 1);

/** Which switch a move turns on, or off where it turns back. */
const switchOf: Partial<Record<MoveId, readonly [Switch, 1 | -1]>> = {
  "targets-attention": ["attention-only", 1], "targets-mlp": ["mlp-only", 1], "deduplicate": ["deduplicate", 1], "drop-conflicts": ["drop-conflicts", 1], "drop-long": ["drop-long", 1],
  "balance-answers": ["balance-answers", 1], "halve-data": ["halvings", 1], "reallocate-rank": ["moved-rank", 1], "continue-parent": ["warm-start", 1], "instruction": ["system", 1],
  "format-rules": ["format-rules", 1], "few-shot": ["shots", 1], "similar-shots": ["similar-shots", 1], "coverage-shots": ["coverage-shots", 1],
};
/** These hold of one node, not of the run. */
export const nodeConditions: ReadonlySet<CardCondition> = new Set<CardCondition>(["overfitting", "underfitting", "unstable", "loss-falling", "loss-flat"]);

/**
 * @param latentPerShare what the whole way from the base to a perfect score is worth on the latent scale, to first order
 */
export function effectPriors(priors: readonly EffectPrior[], latentPerShare: number): EffectPriors {
  const general = priors.filter(({ effect }) => !nodeConditions.has(effect.when));
  const numbers = numberFields.map((field) => {
    const { centre, spread, cost } = known[field];
    const beliefs = [{ unit: toUnit(field, centre), spread, weight: knownWeight }, ...general.flatMap(({ effect, weight }) => (effect.kind === "number" && effect.field === field ? [{ unit: toUnit(field, effect.centre), spread: effect.spread, weight }] : []))];
    // Precision-weighted: a sure card counts more than a vague one, and two that agree count more than one.
    const precisions = beliefs.map((belief) => belief.weight / belief.spread ** 2);
    const total = precisions.reduce((sum, precision) => sum + precision, 0);
    const unit = beliefs.reduce((sum, belief, index) => sum + belief.unit * (precisions[index] ?? 0), 0) / total;
    return { unit: Math.min(1, Math.max(0, unit)), cost };
  });
  const means = new Float64Array(switches.length);
  for (const [name, mean] of Object.entries(switchMeans) as [Switch, number][]) means[switches.indexOf(name)] = mean;
  const slopes = { epochs: 0 };
  const gains = new Map<MoveId, { gain: number; weight: number }>();
  for (const { effect, weight } of general) {
    if (effect.kind !== "move") continue;
    const known = gains.get(effect.move) ?? { gain: 0, weight: 0 };
    const precision = weight / (effect.spread ** 2 + 0.01 ** 2);
    gains.set(effect.move, { gain: known.gain + precision * effect.gain, weight: known.weight + precision });
  }
  for (const [move, { gain, weight }] of gains) {
    if (weight <= 0) continue;
    // Against a vague belief in no effect, of a tenth of the way.
    const believed = (gain / (weight + 1 / 0.1 ** 2)) * latentPerShare;
    const own = switchOf[move];
    if (own !== undefined) means[switches.indexOf(own[0])] = own[1] * believed;
    else if (move === "targets-all") for (const name of ["attention-only", "mlp-only"] as const) means[switches.indexOf(name)] = -believed;
    else if (move === "train-longer") slopes.epochs += believed / doubling;
    else if (move === "train-shorter") slopes.epochs -= believed / doubling;
  }
  const conditional = priors.filter(({ effect }) => effect.kind === "move" && nodeConditions.has(effect.when));

  return {
    meanOf(features) {
      let mean = 0;
      for (const index of features.set) mean += (features.switches[index] ?? 0) * (means[index] ?? 0) * (features.trained && index >= switches.indexOf("system") ? promptAfterTraining : 1);
      if (!features.trained) return mean;
      numbers.forEach(({ unit, cost }, index) => {
        const away = (features.numbers[index] ?? 0) - unit;
        // A parabola near by that flattens out: far from what is known, no prior should be sure of how bad it is.
        mean -= (cost * away * away) / (1 + 2 * away * away);
      });
      const epochs = (features.numbers[numberFields.indexOf("epochs")] ?? 0) - toUnit("epochs", 2);
      return mean + slopes.epochs * Math.max(-0.3, Math.min(0.3, epochs));
    },
    gainOf(move, conditions) {
      let gain = 0;
      for (const { effect, weight } of conditional) if (effect.kind === "move" && effect.move === move && conditions.includes(effect.when)) gain += weight * effect.gain * latentPerShare * (0.1 ** 2 / (0.1 ** 2 + effect.spread ** 2));
      return Math.max(-0.3, Math.min(0.3, gain));
    },
  };
}

/** Moves whose card gains have no switch: they speak for searching that number, not for a direction. */
export const isNumberMove = (move: MoveId): boolean => moves[move].numbers.length > 0;
