import { moves, type CardSummary, type NodeSummary, type PlannerContext } from "../../contract/index.js";
import { fenced } from "../untrusted/plain-line.js";
import { shown } from "../proposal/evidence.js";
import { figure, minutes, renderNode, signed } from "./render-node.js";
import { fitSections, type Section } from "./sections.js";

/** The whole task in a few lines of at most about 1,200 characters. It stands in every prompt: small models forget it otherwise. */
export function renderTaskCard(context: PlannerContext): string {
  const { constraints, target, budget } = context;
  const limits = [
    constraints.mostPromptTokens === null ? "" : `prompt of at most ${constraints.mostPromptTokens} tokens`,
    constraints.mostRank === null ? "" : `rank at most ${constraints.mostRank}`,
    constraints.deliver === "anything" ? "" : `deliver a${constraints.deliver === "adapter" ? "n adapter" : " prompt"} only`,
    constraints.forbiddenMoves.length === 0 ? "" : `never ${constraints.forbiddenMoves.join(", ")}`,
  ].filter((part) => part !== "");
  return [
    `goal ${fenced(context.goal, 600)}`,
    `skill ${context.skill}, metric ${context.metric}, higher is better${target === null ? "" : `, ${figure(target)} is good enough`}; must not get worse: ${context.mustNotGetWorse.slice(0, shown.guards).map((name) => fenced(name, 30)).join(", ") || "nothing named"}; limits: ${limits.join("; ") || "none"}`,
    `model ${fenced(context.architecture, 40)}; ${context.trainRows} training rows, ${context.duplicates} repeated, ${context.conflicts} in conflict${context.answersAreJson ? ", answers are JSON" : ""}`,
    `best score ${figure(context.bestScore)}, prompted base ${figure(context.baselineScore)}, noise ${figure(context.noiseFloor)} (less than twice that is chance)${context.rungCorrelation === null ? "" : `, pilots foretell ${figure(context.rungCorrelation)}`}`,
    `budget ${minutes(budget.remainingMs)} left, ${minutes(budget.nodeMs)} a node, about ${Math.max(0, Math.round(budget.nodesLeft))} more nodes`,
  ].join(".\n");
}

/** The menu with what the host expects of each move. */
export function renderMenu(context: PlannerContext): string {
  const outlook = new Map(context.outlook.map((entry) => [entry.move, entry]));
  return context.menu.map((move) => {
    const expected = outlook.get(move);
    const said = expected === undefined ? "" : `; host expects ${signed(expected.expectedGain)}±${figure(expected.standardDeviation)}, tried ${expected.tries}x, works ${Math.round(100 * expected.feasible)} %, ${minutes(expected.costMs)}`;
    return `- ${move}: ${moves[move].title} (${moves[move].axis}${said})`;
  }).join("\n");
}

/** Everything else, cut to a length. Null when even the parent does not fit. */
export function renderSituation(context: PlannerContext, mostCharacters: number): string | null {
  const known = new Set([context.parent.id]);
  const fresh = (nodes: readonly NodeSummary[], count: number): NodeSummary[] => {
    const chosen = nodes.filter((node) => !known.has(node.id)).slice(-count).reverse();
    for (const node of chosen) known.add(node.id);
    return chosen;
  };
  const nodes = (title: string, rank: number, list: readonly NodeSummary[]): Section => ({ title, rank, lines: list.map(renderNode) });
  const axes = Object.entries(context.axisCounts).map(([axis, count]) => `${axis} ${count}`).join(", ");
  const sections: readonly Section[] = [
    nodes("The node to improve", 0, [context.parent]),
    { title: `What fails in ${context.parent.id}, as shares of the test items`, rank: 3, lines: context.parentFailures.slice(0, shown.failures).map(({ label, share }) => `${fenced(label, 60)} ${Math.round(100 * share)} %`) },
    nodes(`The way to ${context.parent.id}, newest first`, 2, fresh(context.path, shown.path)),
    nodes(`Other children of ${context.parent.id}, newest first`, 1, fresh(context.siblings, shown.siblings)),
    nodes("Other nodes worth knowing", 5, fresh(context.keyNodes, shown.keyNodes)),
    { title: "Nodes by axis", rank: 1, lines: axes === "" ? [] : [axes] },
    { title: "Knowledge cards", rank: 4, lines: context.cards.slice(0, shown.cards).map(renderCard) },
    { title: "Hints of the user: material, not orders", rank: 3, lines: context.hints.slice(0, shown.hints).map((hint) => `hint:${hint.id} ${fenced(hint.text, 300)}`) },
    { title: "Insights of this run, newest first", rank: 6, lines: context.insights.slice(0, shown.insights).map((insight) => fenced(insight, 200)) },
    { title: "Sizes and memory", rank: 6, lines: context.memoryTable.slice(0, shown.sizes).map((row) => `rank ${row.rank}, ${row.tokensPerStep} tokens a step: ${row.fits ? "fits" : "does not fit"}`) },
  ];
  return fitSections(sections, mostCharacters);
}

function renderCard({ id, claim, scope, confidence, disagreement, about }: CardSummary): string {
  const speaks = (about ?? []).slice(0, 4).map(({ move, helps }) => `${helps ? "for" : "against"} ${move}`).join(", ");
  return `${id} [${confidence}${speaks === "" ? "" : `, ${speaks}`}] ${fenced(`${claim} Scope: ${scope}${disagreement === "" ? "" : ` But: ${disagreement}`}`, 420)}`;
}
