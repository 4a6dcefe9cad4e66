import { moves, type Axis, type MoveId, type NodeSummary, type PlannerContext } from "../contract/index.js";
import { shapeIn, type LossShape } from "./loss-shape.js";

/** A rule's vote: how much it wants a move, why in one sentence, and the nodes it looked at. */
export interface Vote {
  readonly move: MoveId;
  readonly weight: number;
  readonly hypothesis: string;
  readonly evidence: readonly string[];
}

/** What the rules look at, worked out once. */
interface Situation {
  readonly context: PlannerContext;
  readonly parent: NodeSummary;
  readonly shape: LossShape;
  /** Training loss well below validation loss. */
  readonly isMemorising: boolean;
  readonly beatsBaseline: boolean;
  /** Share of answers that are well-formed JSON; null where it is not measured. */
  readonly jsonValid: number | null;
}

type Rule = (situation: Situation) => readonly Vote[];

const vote = (move: MoveId, weight: number, hypothesis: string, evidence: readonly string[] = []): Vote => ({ move, weight, hypothesis, evidence });

/** Loss of SFT depends on the learning rate first and on rank hardly at all (field/reliability.md 14 and 15). */
const learningRateFirst: Rule = ({ context }) =>
  (context.axisCounts.optimization ?? 0) === 0
    ? [vote("learning-rate", 5, "No other learning rate was tried yet, and no number matters more.")]
    : [vote("learning-rate", 1.5, "A learning rate nearer the best one may still be found."), vote("batch-size", 1, "Fewer tokens a step make more steps of the same data."), vote("schedule", 0.6, "Another schedule changes how much the last steps still move.")];

const followTheLossCurve: Rule = ({ parent, shape, isMemorising, context }) => {
  const from = [parent.id];
  if (shape === "unstable") return [vote("learning-rate", 4, `The loss of ${parent.id} was unstable, so its learning rate does not suit this model.`, from), vote("batch-size", 1.5, `Larger steps would calm the loss of ${parent.id}.`, from)];
  if (shape === "overfitting" || isMemorising) {
    return [
      vote("train-shorter", 3.5, `${parent.id} learns its rows by heart: fewer epochs keep what carries over.`, from),
      vote("dropout", 2.5, `${parent.id} learns its rows by heart: dropout makes that harder.`, from),
      vote("deduplicate", context.duplicates > 0 ? 2.5 : 0.3, `Repeated rows help ${parent.id} to learn by heart.`, from),
      vote("weight-decay", 1, `Weight decay keeps the adapter of ${parent.id} small.`, from),
    ];
  }
  if (shape === "falling") {
    // Longer training costs most of what is left when few nodes fit.
    const affordable = context.budget.nodesLeft >= 3 ? 1 : 0.4;
    return [vote("train-longer", 4 * affordable, `The loss of ${parent.id} was still falling at its last step.`, from), vote("continue-parent", 2, `The loss of ${parent.id} was still falling, and its adapter can be trained on.`, from)];
  }
  if (shape === "flat") {
    return [
      vote("rank", 2, `The loss of ${parent.id} levelled off: a larger adapter can hold more.`, from),
      vote(parent.recipe.training?.targets === "all" ? "learning-rate" : "targets-all", 2, `The loss of ${parent.id} levelled off before the task was learned.`, from),
    ];
  }
  return [];
};

/** All linear layers, the MLP ones included, beat attention only (field/trex.md 11). */
const adaptAllLayers: Rule = ({ parent }) =>
  parent.recipe.training !== null && parent.recipe.training.targets !== "all"
    ? [vote("targets-all", 3, `${parent.id} adapts only ${parent.recipe.training.targets === "mlp" ? "the MLP" : "attention"}; adapting every linear layer usually wins.`, [parent.id])]
    : [vote("rank", 1, "The rank may be larger than the task needs, or too small."), vote("targets-mlp", 0.6, "The MLP layers alone may be enough, with fewer numbers to fit."), vote("targets-attention", 0.3, "The attention layers alone are a cheap check.")];

const mendTheData: Rule = ({ context }) => {
  const share = (count: number): number => count / Math.max(1, context.trainRows);
  return [
    ...(context.conflicts > 0 ? [vote("drop-conflicts", share(context.conflicts) >= 0.01 ? 3.5 : 1.5, `${context.conflicts} rows ask the same and answer differently; no model can learn both.`)] : []),
    ...(context.duplicates > 0 ? [vote("deduplicate", share(context.duplicates) >= 0.05 ? 2.5 : 1.2, `${context.duplicates} repeated rows weigh more than the others.`)] : []),
    vote("drop-long", 0.5, "The longest rows take most of the time and are often the odd ones."),
    vote("balance-answers", context.metric === "multiple-choice" ? 1.5 : 0.6, "Rare answers may be drowned by common ones."),
    // An equal-sized random control tells what a data set's size is worth (field/reliability.md 7).
    vote("halve-data", 0.3, "If half the rows do as well, time is better spent on more steps."),
  ];
};

const followTheFormat: Rule = ({ context, parent, jsonValid }) => {
  if (!context.answersAreJson || jsonValid === null) return [];
  return jsonValid < 0.95
    ? [vote("train-longer", 2, `Only ${Math.round(jsonValid * 100)} % of the answers of ${parent.id} have the right form; form is learned by practice.`, [parent.id]), vote("instruction", 1.5, `Only ${Math.round(jsonValid * 100)} % of the answers of ${parent.id} have the right form; saying so in the prompt may help.`, [parent.id])]
    : [vote("rank", 1.2, `The form of ${parent.id} is right and its content is not: it may lack room.`, [parent.id]), vote("balance-answers", 1, `The form of ${parent.id} is right; rare values may be what it misses.`, [parent.id])];
};

const usePrompts: Rule = ({ beatsBaseline }) => [
  vote("instruction", beatsBaseline ? 0.8 : 1.5, "Saying the task in the system prompt may be worth more than training on it."),
  vote("few-shot", beatsBaseline ? 0.4 : 0.8, "Worked examples show the form without training."),
];

const buildOnGains: Rule = ({ parent, context }) =>
  parent.verdict === "gain" ? [vote("continue-parent", context.budget.nodesLeft <= 2 ? 2.5 : 1.5, `${parent.id} was a real gain; its adapter is a better start than none.`, [parent.id])] : [];

const steadyMoves: Rule = () => [
  vote("train-longer", 0.8, "More epochs are the plainest way to learn more."), vote("train-shorter", 0.4, "Fewer epochs may do as well and forget less."),
  vote("dropout", 0.4, "A little dropout may carry over better."), vote("weight-decay", 0.3, "A little weight decay may carry over better."), vote("continue-parent", 0.5, "The parent's adapter is a better start than none."),
];

const rules: readonly Rule[] = [learningRateFirst, followTheLossCurve, adaptAllLayers, mendTheData, followTheFormat, usePrompts, buildOnGains, steadyMoves];

/** Every rule's votes for moves on the menu, weighed by what was tried before; the strongest vote for each move. */
export function weighMoves(context: PlannerContext): Vote[] {
  const situation = assess(context);
  const strongest = new Map<MoveId, Vote>();
  for (const rule of rules) {
    for (const cast of rule(situation)) {
      if (!context.menu.includes(cast.move)) continue;
      const known = strongest.get(cast.move);
      if (known === undefined || cast.weight > known.weight) strongest.set(cast.move, cast);
    }
  }
  for (const move of context.menu) if (!strongest.has(move)) strongest.set(move, vote(move, 0.2, `${moves[move].title}: not tried here yet.`));
  return [...strongest.values()]
    .map((cast) => weighByHistory(cast, context))
    .sort((left, right) => right.weight - left.weight || context.menu.indexOf(left.move) - context.menu.indexOf(right.move));
}

function assess(context: PlannerContext): Situation {
  const { parent } = context;
  return {
    context, parent, shape: shapeIn(parent.insight),
    isMemorising: parent.trainLoss !== null && parent.validationLoss !== null && parent.validationLoss > 1.3 * parent.trainLoss + 0.05,
    beatsBaseline: context.bestScore - context.baselineScore >= 2 * context.noiseFloor,
    jsonValid: parent.secondary.jsonValid ?? null,
  };
}

/** Two results within noise on an axis, one axis holding most of the nodes, or a third move in a row on it: look elsewhere. */
function weighByHistory(cast: Vote, context: PlannerContext): Vote {
  const axis: Axis = moves[cast.move].axis;
  const seen = new Map([...context.path, ...context.siblings, ...context.keyNodes].map((node) => [node.id, node]));
  const onAxis = [...seen.values()].filter((node) => node.axis === axis && node.move !== null);
  const fruitless = onAxis.filter((node) => node.verdict === "within-noise" || node.verdict === "worse" || node.verdict === "idea-wrong");
  const sameMove = context.siblings.filter((node) => node.move === cast.move && node.verdict !== "gain" && node.status !== "running");
  const nodes = Object.values(context.axisCounts).reduce((sum, count) => sum + count, 0);
  const count = context.axisCounts[axis] ?? 0;
  const lastThree = context.path.slice(-3);
  let weight = cast.weight;
  let evidence = cast.evidence;
  if (fruitless.length >= 2) {
    weight *= 0.25;
    evidence = [...new Set([...evidence, ...fruitless.map((node) => node.id)])];
  }
  if (nodes >= 4 && count > nodes / 2) weight *= 0.5;
  if (lastThree.length === 3 && lastThree.every((node) => node.axis === axis)) weight *= 0.5;
  if (sameMove.length > 0) weight *= 0.4 ** sameMove.length;
  // With room for several more nodes an untouched axis is worth a look; with one or two it is not.
  if (count === 0 && context.budget.nodesLeft >= 5) weight *= 1.3;
  return { ...cast, weight, evidence };
}
