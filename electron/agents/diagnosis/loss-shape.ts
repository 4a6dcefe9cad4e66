import type { LossPoint } from "../../contract/index.js";

/** What the end of a loss curve says about the next experiment. */
export const lossShapes = ["falling", "overfitting", "flat", "unstable", "unknown"] as const;
export type LossShape = (typeof lossShapes)[number];

/** Each shape as the words of a diagnosis; `shapeIn` reads them back, since a node's summary carries no curve. */
const shapeWords: Readonly<Record<Exclude<LossShape, "unknown">, string>> = {
  falling: "loss was still falling at the end",
  overfitting: "validation loss rose while training loss fell",
  flat: "loss had levelled off",
  unstable: "loss was unstable",
};

const fewestPoints = 8;
/** Falling: the last quarter's mean lies this share below the quarter before it. */
const fallingShare = 0.03;
/** Overfitting: the last validation loss lies this share above the lowest. */
const risingShare = 0.02;
/** Unstable: the last quarter's mean lies this share above the lowest quarter's. */
const unstableShare = 0.25;

export function lossShape(loss: readonly LossPoint[]): LossShape {
  if (loss.some((point) => !Number.isFinite(point.loss))) return "unstable";
  const validation = loss.flatMap((point) => (point.validation === undefined ? [] : [point.validation]));
  const values = loss.map((point) => point.loss);
  const [first, last, lastValidation] = [values.at(0), values.at(-1), validation.at(-1)];
  if (first === undefined || last === undefined) return "unknown";
  if (validation.length >= 2 && lastValidation !== undefined && last < first && lastValidation > Math.min(...validation) * (1 + risingShare)) return "overfitting";
  if (values.length < fewestPoints) return "unknown";
  const quarters = [0, 1, 2, 3].map((index) => mean(values.slice(Math.floor((index * values.length) / 4), Math.floor(((index + 1) * values.length) / 4))));
  const [end, before] = [quarters[3] ?? last, quarters[2] ?? last];
  if (end > Math.min(...quarters) * (1 + unstableShare)) return "unstable";
  return end < before * (1 - fallingShare) ? "falling" : "flat";
}

export function describeShape(shape: LossShape): string {
  return shape === "unknown" ? "" : shapeWords[shape];
}

export function shapeIn(insight: string | null): LossShape {
  return lossShapes.find((shape) => shape !== "unknown" && insight?.includes(shapeWords[shape]) === true) ?? "unknown";
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
