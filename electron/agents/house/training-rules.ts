import type { Situation } from "./situation.js";
import { vote, type Vote } from "./vote.js";

/** Loss of SFT depends on the learning rate first and on rank hardly at all (field/reliability.md 14 and 15). */
export function learningRateFirst({ tries, phase, parent, context }: Situation): readonly Vote[] {
  const tuned = tries("learning-rate", "tune");
  const nodes = Object.values(context.axisCounts).reduce((sum, count) => sum + count, 0);
  const from = [parent.id];
  if (tuned === 0) return [vote("learning-rate", 5, "No other learning rate was tried yet, and no number matters more."), vote("tune", 3, "No numbers were searched yet, and the optimiser has priors for all of them."), vote("batch-size", 0.8, "Fewer tokens a step make more steps of the same rows.")];
  return [
    // The optimiser's model of the numbers is worth more the more nodes have fed it.
    vote("tune", Math.min(3.2, 1.4 + 0.2 * nodes) + (phase === "refine" ? 0.8 : 0), `${nodes} experiments have fed the optimiser: it can set all numbers from ${parent.id} at once.`, from),
    vote("learning-rate", 1.5, `A learning rate nearer the best one than that of ${parent.id} may be left.`, from),
    vote("batch-size", 0.9, "Fewer tokens a step make more steps of the same rows."),
    vote("schedule", phase === "refine" ? 0.9 : 0.6, "Another schedule changes how much the last steps still move."),
  ];
}

export function followTheLossCurve({ parent, shape, isMemorising, context, readings, phase }: Situation): readonly Vote[] {
  const validation = parent.validationLoss === null ? null : ({ figure: "validationLoss", change: "down", by: Number((0.02 * Math.abs(parent.validationLoss)).toPrecision(2)) } as const);
  if (shape === "unstable" || (parent.status === "failed" && parent.recipe.training !== null)) {
    return [
      vote("learning-rate", 6, `The loss of ${parent.id} was unstable, so its learning rate does not suit this model.`, readings),
      vote("tune", 2.5, `The loss of ${parent.id} was unstable: other numbers are needed.`, readings),
      vote("batch-size", 1.8, `Larger steps would calm the loss of ${parent.id}.`, readings),
      vote("schedule", 1.2, `Another schedule would calm the loss of ${parent.id}.`, readings),
    ];
  }
  if (isMemorising) {
    return [
      vote("train-shorter", 6, `${parent.id} learns its rows by heart: fewer epochs keep what carries over.`, readings, validation),
      vote("dropout", 4, `${parent.id} learns its rows by heart: dropout makes that harder.`, readings, validation),
      vote("deduplicate", context.duplicates > 0 ? 4 : 0.3, `Repeated rows help ${parent.id} to learn by heart.`, readings),
      vote("weight-decay", 1.6, `Weight decay keeps the adapter of ${parent.id} small.`, readings, validation),
      vote("tune", 2, `${parent.id} learns its rows by heart: its numbers do not suit the data.`, readings),
    ];
  }
  if (shape === "falling") {
    // Longer training costs most of what is left when few nodes fit.
    const affordable = phase === "refine" ? 0.5 : 1;
    return [
      vote("train-longer", 5 * affordable, `The loss of ${parent.id} was still falling at its last step.`, readings),
      vote("continue-parent", 3.2, `The loss of ${parent.id} was still falling, and its adapter can be trained on.`, readings),
      vote("tune", 2, `The loss of ${parent.id} was still falling: it takes more or larger steps.`, readings),
    ];
  }
  if (shape === "flat") {
    return [
      vote("rank", 2, `The loss of ${parent.id} levelled off: a larger adapter can hold more.`, readings),
      vote(parent.recipe.training?.targets === "all" ? "learning-rate" : "targets-all", 2.2, `The loss of ${parent.id} levelled off before the task was learned.`, readings),
      vote("tune", 2.4, `The loss of ${parent.id} levelled off: other numbers may get below.`, readings),
      vote("coverage-shots", 1.2, `Training of ${parent.id} levelled off: what is missing may be shown in the prompt.`, readings),
    ];
  }
  return [];
}

/** High loss in training and validation alike, and hardly better than without training. */
export function learnMore({ parent, isUnderfitting }: Situation): readonly Vote[] {
  if (!isUnderfitting) return [];
  const from = [parent.id];
  return [
    vote("train-longer", 4.5, `${parent.id} has not learned its own rows yet: its loss is still high in training.`, from),
    vote("learning-rate", 4, `${parent.id} has not learned its own rows yet: larger steps would.`, from),
    vote("tune", 3, `${parent.id} has not learned its own rows yet.`, from),
    vote("rank", 1.6, `${parent.id} has not learned its own rows yet: it may lack room.`, from),
  ];
}

/** All linear layers, the MLP ones included, beat attention only (field/trex.md 11). */
export function placeTheRank({ parent, isUntrained, noise, tries, phase }: Situation): readonly Vote[] {
  const from = [parent.id];
  const same = { figure: "score", change: "same", by: Number((2 * noise).toPrecision(2)) } as const;
  const { training } = parent.recipe;
  const reallocate = vote("reallocate-rank", isUntrained || tries("reallocate-rank") > 0 ? 0.6 : phase === "explore" ? 1.4 : 2, `The tensors of ${parent.id} use their rank unevenly; moving it costs no memory.`, from);
  if (training !== null && training.targets !== "all") {
    return [vote("targets-all", 4, `${parent.id} adapts only ${training.targets === "mlp" ? "the MLP" : "attention"}; adapting every linear layer usually wins.`, from), reallocate];
  }
  return [
    reallocate,
    vote("rank", 1, `The rank of ${parent.id} may be larger than the task needs, or too small.`, from),
    vote("targets-mlp", 0.4, "The MLP layers alone may be enough, with fewer numbers to fit.", [], same),
    vote("targets-attention", 0.2, "The attention layers alone are a cheap check.", [], same),
  ];
}

export function buildOnGains({ parent, phase, isUntrained }: Situation): readonly Vote[] {
  return parent.verdict === "gain" && !isUntrained ? [vote("continue-parent", phase === "refine" ? 2.2 : 1.2, `${parent.id} was a real gain; its adapter is a better start than none.`, [parent.id])] : [];
}

export function steadyMoves({ parent, noise }: Situation): readonly Vote[] {
  return [
    vote("train-longer", 0.8, `More epochs than ${parent.id} had are the plainest way to learn more.`, [parent.id]),
    vote("train-shorter", 0.4, `Fewer epochs than ${parent.id} had may do as well and forget less.`, [parent.id], { figure: "score", change: "same", by: Number((2 * noise).toPrecision(2)) }),
    vote("dropout", 0.4, "A little dropout may carry over better."),
    vote("weight-decay", 0.3, "A little weight decay may carry over better."),
    vote("continue-parent", 0.5, `The adapter of ${parent.id} is a better start than none.`, [parent.id]),
  ];
}
