import { moves, type NodeSummary, type PlannerContext } from "../contract/index.js";
import { plainLine } from "./untrusted-text.js";

/**
 * The planner's context as text, bounded whatever the tree's size: at most about 14,000 characters, which is under
 * 6,000 tokens even where a tokenizer needs one for two and a half characters.
 */
const mostCharacters = 14_000;
const mostSiblings = 8;
const mostKeyNodes = 8;
const mostInsights = 5;

export interface RenderedContext {
  /** The task in a few lines; repeated near the end of a prompt, where small models still remember it. */
  readonly card: string;
  readonly situation: string;
  readonly menu: string;
}

export function renderContext(context: PlannerContext): RenderedContext {
  const card = `goal <data>${plainLine(context.goal, 600)}</data>; metric ${context.metric}; model ${plainLine(context.architecture, 40)}; best score ${number(context.bestScore)}, prompted base ${number(context.baselineScore)}, noise ${number(context.noiseFloor)}.`;
  const known = new Set(context.path.map((node) => node.id));
  const fresh = (nodes: readonly NodeSummary[], most: number): NodeSummary[] => {
    const chosen = nodes.filter((node) => !known.has(node.id)).slice(-most);
    for (const node of chosen) known.add(node.id);
    return chosen;
  };
  const siblings = fresh(context.siblings, mostSiblings);
  let keyNodes = fresh(context.keyNodes, mostKeyNodes);
  const write = (): string => [
    `Task: ${card}`,
    `Data: ${context.trainRows} training rows, ${context.duplicates} repeated, ${context.conflicts} in conflict${context.answersAreJson ? "; answers are JSON" : ""}.`,
    `Budget: ${minutes(context.budget.remainingMs)} left, ${minutes(context.budget.nodeMs)} a node, about ${context.budget.nodesLeft} more nodes.`,
    `Nodes by axis: ${Object.entries(context.axisCounts).map(([axis, count]) => `${axis} ${count}`).join(", ") || "none yet"}.`,
    section(`Path from the base to ${context.parent.id}, the node to improve`, context.path.map(describeNode)),
    section(`Other children of ${context.parent.id}`, siblings.map(describeNode)),
    section("Other nodes worth knowing", keyNodes.map(describeNode)),
    section("Insights, newest first", context.insights.slice(0, mostInsights).map((insight) => plainLine(insight, 200))),
  ].filter((part) => part !== "").join("\n");
  while (write().length > mostCharacters && keyNodes.length > 0) keyNodes = keyNodes.slice(1);
  return { card, situation: write().slice(0, mostCharacters), menu: context.menu.map((move) => `- ${move}: ${moves[move].title} (axis ${moves[move].axis})`).join("\n") };
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}:\n${lines.map((line) => `- ${line}`).join("\n")}`;
}

function describeNode(node: NodeSummary): string {
  const { training, data, prompt } = node.recipe;
  const recipe = training === null
    ? "untrained"
    : `rate ${number(training.learningRate)}, rank ${training.rank}, ${training.targets} layers, ${number(training.epochs)} epochs, ${training.tokensPerStep} tokens a step, dropout ${training.dropout}, decay ${training.weightDecay}, ${training.schedule}`;
  const parts = [
    `${node.id} ${plainLine(node.title, 60)}`,
    `${node.verdict ?? node.status}${node.score === null ? "" : ` score ${number(node.score)}`}`,
    node.trainLoss === null ? "" : `loss ${number(node.trainLoss)}${node.validationLoss === null ? "" : ` / validation ${number(node.validationLoss)}`}`,
    recipe,
    data.length === 0 ? "" : `data ${data.map((operator) => operator.operator).join(" + ")}`,
    prompt.fewShot > 0 ? `${prompt.fewShot} examples in the prompt` : "",
    Object.entries(node.secondary).slice(0, 4).map(([name, value]) => `${plainLine(name, 30)} ${number(value)}`).join(", "),
    node.insight === null ? "" : `insight: ${plainLine(node.insight, 200)}`,
  ];
  return parts.filter((part) => part !== "").join("; ");
}

function number(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "unknown";
}

function minutes(milliseconds: number): string {
  return `${number(milliseconds / 60_000)} minutes`;
}
