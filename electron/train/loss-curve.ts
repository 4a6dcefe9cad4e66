import type { LossPoint } from "../contract/index.js";

/** Points kept of one training: enough for a curve on the screen, small enough for the journal. */
export const longestCurve = 200;

/**
 * Collects training and validation losses. A long curve is thinned by averaging equal groups of neighbouring steps;
 * each group's point lies at its last step, and validation losses stay exact.
 */
export class LossCurve {
  private readonly steps: { step: number; loss: number }[] = [];
  private readonly validations = new Map<number, number>();

  addStep(step: number, loss: number): void {
    this.steps.push({ step, loss });
  }

  addValidation(step: number, loss: number): void {
    this.validations.set(step, loss);
  }

  points(): readonly LossPoint[] {
    const groupSize = Math.max(1, Math.ceil(this.steps.length / longestCurve));
    const result: LossPoint[] = [];
    for (let start = 0; start < this.steps.length; start += groupSize) {
      const group = this.steps.slice(start, start + groupSize);
      const last = group.at(-1);
      if (last === undefined) break;
      const loss = group.reduce((sum, point) => sum + point.loss, 0) / group.length;
      const validation = group.map((point) => this.validations.get(point.step)).findLast((value) => value !== undefined);
      result.push({ step: last.step, loss, ...(validation === undefined ? {} : { validation }) });
    }
    return result;
  }
}
