import type { ReactElement } from "react";
import type { MemoryPlan } from "../../contract.js";
import { formatBytes, formatNumber } from "../../ui/format.js";
import { memoryPlanError } from "./memory-plan-error.js";

/** What the trainer was expected to need, class by class, and what it did need. */
export function MemoryPlanView({ memory }: { readonly memory: MemoryPlan }): ReactElement {
  const classes = Object.entries(memory.classes).filter(([name, bytes]) => name !== "total" && bytes > 0).sort(([, a], [, b]) => b - a);
  const most = Math.max(memory.plannedBytes, memory.actualPeakBytes ?? 0, 1);
  const error = memoryPlanError(memory);
  return (
    <div className="memory-plan">
      <div className="memory-bar"><span>Planned</span><span className="meter tone-base"><span style={{ width: `${(memory.plannedBytes / most) * 100}%` }} /></span><strong>{formatBytes(memory.plannedBytes)}</strong></div>
      {memory.actualPeakBytes === null ? null : (
        <div className="memory-bar"><span>Used at most</span><span className="meter"><span style={{ width: `${(memory.actualPeakBytes / most) * 100}%` }} /></span><strong>{formatBytes(memory.actualPeakBytes)}</strong></div>
      )}
      {error === null ? null : <p className="muted">The plan was {formatNumber(Math.abs(Math.round(error * 100)))} % too {error >= 0 ? "high" : "low"}.</p>}
      {classes.length === 0 ? null : <p className="memory-classes muted">{classes.map(([name, bytes]) => `${name} ${formatBytes(bytes)}`).join(" · ")}</p>}
    </div>
  );
}
