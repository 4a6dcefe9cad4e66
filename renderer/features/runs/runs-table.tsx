import type { ReactElement } from "react";
import { paths } from "../../app/route.js";
import type { RunSummary } from "../../contract.js";
import { Badge, Hint } from "../../ui/controls.js";
import { formatEnergy, formatMoment, formatSeconds } from "../../ui/format.js";
import { formatSummaryScore } from "./summary-score.js";
import { runState } from "../run/run-state.js";

export function RunsTable({ runs }: { readonly runs: readonly RunSummary[] }): ReactElement {
  const now = new Date();
  const newestFirst = [...runs].sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  return (
    <div className="table-scroll">
      <table className="runs-table">
        <thead>
          <tr>
            <th scope="col">Goal</th>
            <th scope="col">Status</th>
            <th scope="col" className="number">Experiments</th>
            <th scope="col" className="number"><Hint text="Score of the best experiment on the rows the search may look at">Best in search</Hint></th>
            <th scope="col" className="number"><Hint text="Score of what was delivered, on sealed rows that were opened once at the end">Final test</Hint></th>
            <th scope="col" className="number">Time</th>
            <th scope="col" className="number runs-energy">Energy</th>
            <th scope="col" className="runs-started">Started</th>
          </tr>
        </thead>
        <tbody>
          {newestFirst.map((run) => {
            const state = runState(run.status);
            return (
              <tr key={run.runId} className="runs-row">
                <td className="runs-goal"><a href={paths.run(run.runId)}>{run.goal === "" ? `Run ${run.runId}` : run.goal}</a></td>
                <td data-label="Status"><Badge tone={state.tone} icon={state.icon}>{state.label}</Badge></td>
                <td className="number" data-label="Experiments">{run.nodes}</td>
                <td className="number" data-label="Best in search">{formatSummaryScore(run.bestScore)}</td>
                <td className="number strong" data-label="Final test">{formatSummaryScore(run.vaultScore)}</td>
                <td className="number" data-label="Time">{formatSeconds(run.cost.totalSeconds)}</td>
                <td className="number muted runs-energy" data-label="Energy">{formatEnergy(run.cost.energyJoules)}</td>
                <td className="runs-started muted" data-label="Started">{formatMoment(run.createdAt, now)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
