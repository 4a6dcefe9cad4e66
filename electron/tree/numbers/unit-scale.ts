import { numericFields, type NumericField } from "../../contract/index.js";

/** In a fixed order: vectors of unit values are laid out by it. */
export const numberFields = Object.keys(numericFields) as readonly NumericField[];

/** Position of a value in its field's range, 0 to 1: logarithmic where the field is. Values outside the range lie outside 0..1. */
export function toUnit(field: NumericField, value: number): number {
  const { minimum, maximum, log } = numericFields[field];
  return log ? Math.log(value / minimum) / Math.log(maximum / minimum) : (value - minimum) / (maximum - minimum);
}

export function fromUnit(field: NumericField, unit: number): number {
  const { minimum, maximum, log } = numericFields[field];
  return log ? minimum * (maximum / minimum) ** unit : minimum + (maximum - minimum) * unit;
}

/** Inclusive, in the field's own unit. */
export interface FieldBounds {
  readonly minimum: number;
  readonly maximum: number;
}

/** Numbers people can read: powers of two for the rank, whole 64s of tokens, two significant digits elsewhere. */
export function roundField(field: NumericField, value: number, ...limits: readonly (FieldBounds | undefined)[]): number {
  const minimum = Math.max(numericFields[field].minimum, ...limits.map((limit) => limit?.minimum ?? 0));
  const maximum = Math.min(numericFields[field].maximum, ...limits.map((limit) => limit?.maximum ?? Number.POSITIVE_INFINITY));
  const rounded = field === "rank" ? 2 ** Math.round(Math.log2(value)) : field === "tokensPerStep" ? 64 * Math.round(value / 64) : Number(value.toPrecision(2));
  return Math.min(maximum, Math.max(minimum, rounded));
}
