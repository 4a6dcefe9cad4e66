import type { Figures } from "./judge.js";

export interface RoleFigures {
  readonly decisions: Figures;
  /** Shares of right answers; null: not asked. */
  readonly labels: number | null;
  readonly reading: number | null;
}

export const roles = ["planner", "labeller", "reader"] as const;
export type Role = (typeof roles)[number];

/**
 * From when a model is trusted with a role. A planner's slips cost an experiment each, so it must be usable nearly always and
 * clearly wrong hardly ever; a labeller and a reader are checked by the host, so three right answers of four will do.
 */
export const thresholds = { planner: { validity: 0.9, executableAccuracy: 0.7, wrongButValid: 0.08 }, labeller: 0.75, reader: 0.75 } as const;

export function rolesOf({ decisions, labels, reading }: RoleFigures): readonly Role[] {
  const { planner } = thresholds;
  const fit: Role[] = [];
  if (decisions.cases > 0 && decisions.validity >= planner.validity && decisions.executableAccuracy >= planner.executableAccuracy && decisions.wrongButValid <= planner.wrongButValid) fit.push("planner");
  if (labels !== null && labels >= thresholds.labeller) fit.push("labeller");
  if (reading !== null && reading >= thresholds.reader) fit.push("reader");
  return fit;
}
