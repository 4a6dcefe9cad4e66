import type { ReactElement } from "react";
import type { RunView } from "../../contract.js";
import { formatSeconds } from "../../ui/format.js";
import { budgetShares } from "./run-state.js";

interface BudgetBarProps {
  readonly budget: RunView["budget"];
  readonly active: boolean;
  readonly receivedAtMs: number;
  readonly nowMs: number;
}

export function BudgetBar({ budget, active, receivedAtMs, nowMs }: BudgetBarProps): ReactElement {
  const shares = budgetShares(budget, active, receivedAtMs, nowMs);
  const forecast = budget.forecastMs !== null && active ? `, about ${formatSeconds(budget.forecastMs / 1000)} expected in all` : "";
  const words = `${formatSeconds(shares.spentMs / 1000)} of ${formatSeconds(budget.totalMs / 1000)}`;
  return (
    <div className="budget" title={`${words} spent${forecast}`}>
      <div className="budget-words"><span>{words}</span>{forecast === "" ? null : <span className="muted">{formatSeconds((budget.forecastMs ?? 0) / 1000)} expected</span>}</div>
      <div className="meter" role="meter" aria-label="Budget spent" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(shares.spent * 100)} aria-valuetext={`${words} spent${forecast}`}>
        {active ? <span className="meter-forecast" style={{ width: `${shares.forecast * 100}%` }} /> : null}
        <span style={{ width: `${shares.spent * 100}%` }} />
      </div>
    </div>
  );
}
