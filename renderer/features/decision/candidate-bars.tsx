import type { ReactElement } from "react";
import { moves, type Decision, type MoveId } from "../../contract.js";
import { Hint } from "../../ui/controls.js";
import { formatGain, formatNumber, type ScoreUnit } from "../../ui/format.js";
import { Icon } from "../../ui/icon.js";

interface CandidateBarsProps {
  readonly candidates: Decision["candidates"];
  readonly chosen: MoveId | null;
  readonly unit: ScoreUnit;
}

/** What was considered, with the planner's probability and the host's, and what the host expected of each. */
export function CandidateBars({ candidates, chosen, unit }: CandidateBarsProps): ReactElement {
  return (
    <ul className="decision-candidates" aria-label="Moves that were considered">
      {candidates.map((candidate) => {
        const isChosen = candidate.move === chosen;
        return (
          <li key={candidate.move} className={isChosen ? "is-chosen" : undefined}>
            <p className="decision-move">{isChosen ? <Icon name="check" size={12} /> : null}{moves[candidate.move].title}{isChosen ? <span className="visually-hidden"> (chosen)</span> : null}</p>
            <Bar label="Planner" share={candidate.planner} />
            <Bar label="Host" share={candidate.host} />
            <p className="decision-outlook">{outlookWords(candidate, unit)}</p>
          </li>
        );
      })}
    </ul>
  );
}

function Bar({ label, share }: { readonly label: string; readonly share: number }): ReactElement {
  return <div className="decision-bar"><span>{label}</span><span className="meter" aria-hidden="true"><span style={{ width: `${Math.min(1, Math.max(0, share)) * 100}%` }} /></span><span className="number">{percent(share)}</span></div>;
}

const percent = (share: number): string => `${Math.round(share * 100)}\u2009%`;

function outlookWords({ expectedGain, standardDeviation, feasible }: Decision["candidates"][number], unit: ScoreUnit): ReactElement | string {
  const parts = [
    expectedGain === null ? null : `expected ${formatGain(expectedGain, unit)}${standardDeviation === null ? "" : ` ± ${unit === "rate" ? formatNumber(Number((standardDeviation * 100).toFixed(1))) : formatNumber(standardDeviation)}`}`,
    feasible === null ? null : `${percent(feasible)} sure to train to the end`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "The host had no forecast." : <Hint text="What the host’s own model of the search expects, with one standard deviation">{parts.join(" · ")}</Hint>;
}
