import { cardSchema, moves, numericFields, type Card, type MetricName, type MoveId, type NumericField, type RunView, type TreeNode } from "../../contract/index.js";

/** A card's limits (contract/card.ts). */
const bounds = { gain: 0.5, leastSpread: 0.005, leastNumberSpread: 0.15 } as const;
const mostMoveCards = 6;
/** A number was learned only where so many values of it were tried. */
const fewestValues = 3;
/** Gains of another run differ by more than this run's noise: other data, another model. */
const transferFactor = 2;

/**
 * What a run taught, as cards for later runs of the same user: the effect of each move that was measured against its parent,
 * and the numbers of the best recipe. Figures, enums and ids only; not a word comes from the data, the goal or a model file.
 */
export function insightCards(view: RunView, date: Date): Card[] {
  const { requirement } = view;
  if (requirement === null || view.noiseFloor === null) return [];
  const baseline = view.nodes.find((node) => node.id === view.baselineNodeId)?.score?.score;
  if (baseline === undefined) return [];
  const way = wayToPerfect(requirement.metric, baseline);
  if (!(way > 0)) return [];
  const run: RunFacts = {
    runId: view.runId, idPart: idPartOf(view.runId), architecture: architectureOf(requirement.architecture), metric: requirement.metric, date: date.toISOString().slice(0, 10), year: date.getUTCFullYear(),
    trainRows: requirement.splitSizes.train ?? 0, noise: view.noiseFloor, way, baseline,
  };
  return [...moveCards(view.nodes, run), ...numberCards(view, run)].filter((card) => cardSchema.safeParse(card).success);
}

interface RunFacts {
  readonly runId: string;
  readonly idPart: string;
  readonly architecture: string;
  readonly metric: MetricName;
  readonly date: string;
  readonly year: number;
  readonly trainRows: number;
  readonly noise: number;
  /** From the prompted base to the best score there can be. */
  readonly way: number;
  readonly baseline: number;
}

/** Rates end at 1, a mean log-likelihood at 0. */
const wayToPerfect = (metric: MetricName, baseline: number): number => (metric === "perplexity" ? 0 : 1) - baseline;

interface Effect {
  readonly move: MoveId;
  readonly nodes: readonly TreeNode[];
  /** Mean change of score against the parent, and its standard error. */
  readonly gain: number;
  readonly standardError: number;
}

function moveCards(nodes: readonly TreeNode[], run: RunFacts): Card[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const measured = new Map<MoveId, { node: TreeNode; gain: number }[]>();
  for (const node of nodes) {
    const parent = node.parent === null ? undefined : byId.get(node.parent);
    const move = node.plan.move;
    // A first training measures training, not the move.
    if (move === null || node.status !== "done" || node.score === null || parent === undefined || parent.score === null || (parent.recipe.training === null) !== (node.recipe.training === null)) continue;
    measured.set(move, [...(measured.get(move) ?? []), { node, gain: node.score.score - parent.score.score }]);
  }
  const effects = [...measured].map(([move, results]): Effect => ({
    move, nodes: results.map(({ node }) => node), gain: results.reduce((sum, { gain }) => sum + gain, 0) / results.length,
    // Both scores of a difference are noisy; that they share their items makes this an upper bound.
    standardError: (Math.SQRT2 * run.noise) / Math.sqrt(results.length),
  }));
  return effects
    .filter(({ gain, standardError, nodes: tried }) => Math.abs(gain) >= 2 * standardError || tried.length >= 2)
    .sort((left, right) => Math.abs(right.gain) / right.standardError - Math.abs(left.gain) / left.standardError)
    .slice(0, mostMoveCards)
    .map((effect) => moveCard(effect, run));
}

function moveCard({ move, nodes, gain, standardError }: Effect, run: RunFacts): Card {
  const share = clamp(gain / run.way, -bounds.gain, bounds.gain);
  const spread = clamp((transferFactor * standardError) / run.way, bounds.leastSpread, bounds.gain);
  return {
    ...common(run, nodes), id: `insight-${run.idPart}-${move}`, title: `${moves[move].title}: ${signed(gain)} in ${nodes.length} ${nodes.length === 1 ? "try" : "tries"}`,
    claim: `In a run of yours, "${moves[move].title.toLowerCase()}" changed the ${run.metric} score by ${signed(gain)} ± ${standardError.toFixed(3)} against its parent, over ${nodes.length} ${nodes.length === 1 ? "experiment" : "experiments"}.`,
    numbers: [{ name: "gain", value: round(gain), unit: run.metric }, { name: "standard error", value: round(standardError), unit: run.metric }, { name: "experiments", value: nodes.length, unit: "" }],
    effects: [{ kind: "move", move, when: "always", gain: round(share), spread: round(spread) }],
    tags: ["insight", "move", move].slice(0, 8),
  };
}

/** The numbers of the best trained node, if it beat the prompted base by more than noise and other values were tried. */
function numberCards(view: RunView, run: RunFacts): Card[] {
  const trained = view.nodes.filter((node) => node.recipe.training !== null && node.status === "done" && node.score !== null);
  const best = trained.reduce<TreeNode | null>((found, node) => ((node.score?.score ?? -Infinity) > (found?.score?.score ?? -Infinity) ? node : found), null);
  const training = best?.recipe.training;
  if (best?.score == null || training == null || best.score.score - run.baseline < 2 * run.noise) return [];
  const learned = (Object.keys(numericFields) as NumericField[]).filter((field) => new Set(trained.map((node) => node.recipe.training?.[field])).size >= fewestValues);
  if (learned.length === 0) return [];
  const score = best.score.score;
  return [{
    ...common(run, [best]), id: `insight-${run.idPart}-best-numbers`, title: `Numbers of the best of ${trained.length} trainings`,
    claim: `In a run of yours, the best of ${trained.length} trainings (${run.metric} ${score.toFixed(3)}, prompted base ${run.baseline.toFixed(3)}) had ${learned.map((field) => `${words[field]} ${plainNumber(training[field])}`).join(", ")}.`,
    numbers: learned.slice(0, 8).map((field) => ({ name: words[field], value: training[field], unit: "" })),
    effects: learned.slice(0, 6).map((field) => ({ kind: "number", field, when: "always", centre: training[field], spread: spreadOf(field, trained, score, run.noise) })),
    tags: ["insight", "numbers"],
  }];
}

/** How far the best value is known: the spread of the values of all trainings within noise of the best, as a share of the range. */
function spreadOf(field: NumericField, trained: readonly TreeNode[], best: number, noise: number): number {
  const near = trained.filter((node) => (node.score?.score ?? -Infinity) >= best - 2 * noise).map((node) => positionOf(field, node.recipe.training?.[field] ?? 0));
  const width = near.length < 2 ? 0 : (Math.max(...near) - Math.min(...near)) / 2;
  return round(clamp(width, bounds.leastNumberSpread, 1));
}

/** 0..1 within the field's range, in the logarithm where the optimiser searches in it. */
function positionOf(field: NumericField, value: number): number {
  const { minimum, maximum, log } = numericFields[field];
  const within = clamp(value, minimum, maximum);
  return log ? Math.log(within / minimum) / Math.log(maximum / minimum) : (within - minimum) / (maximum - minimum);
}

function common(run: RunFacts, nodes: readonly TreeNode[]): Pick<Card, "kind" | "scope" | "sources" | "disagreements" | "confidence" | "provenance"> {
  const [first] = nodes;
  return {
    kind: "insight",
    scope: `One run on a ${run.architecture} model with ${run.trainRows} training rows, scored by ${run.metric}.`,
    sources: [{ title: `Run ${run.idPart}`, reference: run.runId.slice(0, 300), locator: nodes.map((node) => node.id).join(" ").slice(0, 80), year: run.year }],
    disagreements: [], confidence: "measured",
    provenance: { runId: run.runId, nodeId: first?.id ?? "", architecture: run.architecture, metric: run.metric, date: run.date },
  };
}

const words: Readonly<Record<NumericField, string>> = { learningRate: "learning rate", rank: "rank", epochs: "epochs", dropout: "dropout", weightDecay: "weight decay", tokensPerStep: "tokens per step" };

/** An architecture is a word of a model file: a short plain name or nothing. */
const architectureOf = (name: string): string => (/^[a-z0-9][a-z0-9._-]{0,23}$/.test(name) ? name : "unknown");
const idPartOf = (runId: string): string => runId.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40) || "run";
const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
const round = (value: number): number => Number(value.toPrecision(4));
const signed = (value: number): string => `${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(3)}`;
const plainNumber = (value: number): string => String(Number(value.toPrecision(3)));
