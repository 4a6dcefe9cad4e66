import { moves, type NodeSummary, type Recipe } from "../../contract/index.js";
import { figureName } from "../diagnosis/diagnose.js";
import { fenced } from "../untrusted/plain-line.js";

export const figure = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "unknown");
export const minutes = (milliseconds: number): string => `${figure(milliseconds / 60_000)} min`;
export const signed = (value: number): string => `${value >= 0 ? "+" : ""}${figure(value)}`;

const mostSecondaries = 4;

/** One node in a line of about 350 characters at most: what it is, how it did, its recipe in figures, what it taught. */
export function renderNode(node: NodeSummary): string {
  const parts = [
    `${node.id} ${node.move === null ? (node.recipe.training === null ? "untrained model" : "default recipe") : moves[node.move].title.toLowerCase()}`,
    `${node.verdict ?? node.status}${node.score === null ? "" : ` score ${figure(node.score)}`}`,
    node.trainLoss === null ? "" : `loss ${figure(node.trainLoss)}${node.validationLoss === null ? "" : `, validation ${figure(node.validationLoss)}`}`,
    renderRecipe(node.recipe),
    ...Object.entries(node.secondary).filter(([name]) => figureName.test(name)).slice(0, mostSecondaries).map(([name, value]) => `${name} ${figure(value)}`),
    node.insight === null ? "" : `diagnosis:${node.id} ${fenced(node.insight, 200)}`,
  ];
  return parts.filter((part) => part !== "").join("; ");
}

function renderRecipe({ training, data, prompt }: Recipe): string {
  const parts = [
    training === null ? "" : `rate ${figure(training.learningRate)}, rank ${training.rank}, ${training.targets}, ${figure(training.epochs)} epochs, ${training.tokensPerStep} tokens a step, dropout ${figure(training.dropout)}, decay ${figure(training.weightDecay)}, ${training.schedule}`,
    data.length === 0 ? "" : `data: ${data.map((operator) => operator.operator).join(" + ")}`,
    prompt.system === null ? "" : "task in the prompt",
    prompt.fewShot === 0 ? "" : `${prompt.fewShot} ${prompt.shotSelection} examples in the prompt`,
  ];
  return parts.filter((part) => part !== "").join("; ");
}
