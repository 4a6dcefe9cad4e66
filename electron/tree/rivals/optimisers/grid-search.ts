import type { NumericField } from "../../../contract/index.js";
import { numberFields, toUnit } from "../../numbers/unit-scale.js";
import { shuffled } from "../draw.js";
import { askFor, type Policy } from "../policy.js";
import { defaultPoint, recipeAt } from "./space.js";

/** What people put into a grid: rates half a decade apart, lengths and ranks in doublings; then the batch as well. */
const axesOfGrid: Readonly<Partial<Record<NumericField, readonly number[]>>> = { learningRate: [3e-5, 1e-4, 3e-4, 1e-3, 3e-3], epochs: [1, 2, 4], rank: [8, 16, 64] };
const later: Readonly<Partial<Record<NumericField, readonly number[]>>> = { tokensPerStep: [1024, 4096] };

/** A full grid in random order, as Optuna's grid sampler walks it, so that a budget that ends early has seen all of its sides. */
export function createGridSearch(): Policy {
  let queue: (readonly number[])[] | null = null;
  return {
    name: "grid",
    tell: () => undefined,
    ask(view) {
      const standard = defaultPoint(view.facts);
      if (queue === null) {
        const first = product(standard.numbers, axesOfGrid);
        const more = first.flatMap((numbers) => product(numbers, later));
        const isDefault = (numbers: readonly number[]): boolean => numbers.every((unit, at) => Math.abs(unit - (standard.numbers[at] ?? 0)) < 1e-9);
        queue = [...shuffled(first.filter((numbers) => !isDefault(numbers)), view.random), ...shuffled(more, view.random)];
      }
      const numbers = queue.shift();
      return numbers === undefined ? null : askFor(recipeAt({ ...standard, numbers }, view.facts));
    },
  };
}

function product(from: readonly number[], sides: Readonly<Partial<Record<NumericField, readonly number[]>>>): (readonly number[])[] {
  let points: (readonly number[])[] = [from];
  for (const [at, field] of numberFields.entries()) {
    const values = sides[field];
    if (values !== undefined) points = points.flatMap((point) => values.map((value) => point.with(at, toUnit(field, value))));
  }
  return points;
}
