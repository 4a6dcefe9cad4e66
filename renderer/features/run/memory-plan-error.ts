import type { MemoryPlan } from "../../contract.js";

/** How far the plan was off, as a share of what was used: positive when too much was planned. null before it is known. */
export function memoryPlanError(memory: Pick<MemoryPlan, "plannedBytes" | "actualPeakBytes">): number | null {
  if (memory.actualPeakBytes === null || memory.actualPeakBytes <= 0) return null;
  return memory.plannedBytes / memory.actualPeakBytes - 1;
}
