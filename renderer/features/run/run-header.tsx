import type { ReactElement } from "react";
import { useNow } from "../../app/use-now.js";
import type { Cost } from "../../contract.js";
import { commandKey, type CommandName, type ReceivedView } from "../../store/state.js";
import { useApp } from "../../store/use-app.js";
import { Badge, Button, Hint } from "../../ui/controls.js";
import { energyPrice, formatEnergy, formatGain, formatNumber, formatScore, formatSeconds, scoreUnitOf } from "../../ui/format.js";
import { ProblemNotice } from "../../ui/panels.js";
import { BudgetButton } from "../steering/budget-button.js";
import { scoreOf } from "../tree/node-state.js";
import { BudgetBar } from "./budget-bar.js";
import { runState, type RunState } from "./run-state.js";
import { StopButton } from "./stop-button.js";

export function RunHeader({ received }: { readonly received: ReceivedView }): ReactElement {
  const { view } = received;
  const state = runState(view.status);
  const nowMs = useNow(state.active);
  const unit = scoreUnitOf(view.requirement?.metric ?? null);
  const best = view.nodes.find((node) => node.id === view.bestNodeId);
  const baseline = view.nodes.find((node) => node.id === view.baselineNodeId);
  const bestScore = best === undefined ? null : (scoreOf(best)?.estimate.score ?? null);
  const baselineScore = baseline === undefined ? null : (scoreOf(baseline)?.estimate.score ?? null);
  const price = energyPrice(view.cost, view.requirement?.tariffPerKilowattHour ?? null);
  return (
    <header className="run-head">
      <div className="run-title">
        <div className="run-words">
          <h1>{view.requirement?.goal ?? (state.active ? "Reading the task" : `Run ${view.runId}`)}</h1>
          <p className="run-phase" aria-live="polite">
            <Badge tone={state.tone} icon={state.icon}>{state.label}</Badge>
            <span>{view.phase}</span>
          </p>
        </div>
        <Commands runId={view.runId} state={state} />
      </div>
      <dl className="run-numbers">
        <div className="run-budget"><dt>Budget{state.canSteer ? <> <BudgetButton view={view} /></> : null}</dt><dd><BudgetBar budget={view.budget} active={state.active} receivedAtMs={received.receivedAtMs} nowMs={nowMs} /></dd></div>
        <div>
          <dt><Hint text="The prompted base model and the best experiment, on the rows the search may look at">Base → best in search</Hint></dt>
          <dd>
            {baselineScore === null && bestScore === null ? <span className="muted">not measured yet</span> : <>{formatScore(baselineScore, unit)} <span className="muted">→</span> {formatScore(bestScore, unit)}</>}
            {best?.gain == null || best.id === baseline?.id ? null : <span className="run-gain"> {formatGain(best.gain.score, unit)}</span>}
          </dd>
        </div>
        <div><dt>Training</dt><dd>{formatSeconds(view.cost.trainSeconds)}</dd></div>
        <div><dt>Scoring</dt><dd>{formatSeconds(view.cost.evalSeconds)}</dd></div>
        <div><dt><Hint text="Time spent by the agents choosing and diagnosing experiments; it counts against the budget">Agents</Hint></dt><dd>{formatSeconds(view.cost.agentSeconds)}<span className="muted">{agentWords(view.cost)}</span></dd></div>
        <div><dt>Energy</dt><dd>{formatEnergy(view.cost.energyJoules)}{price === null ? null : <span className="muted" title="Energy times the price of a kilowatt-hour given for this run"> · {formatNumber(Number(price.toPrecision(2)))} at your tariff</span>}</dd></div>
      </dl>
    </header>
  );
}

/** What thinking took beside training: its share of the time, and its tokens. */
function agentWords({ agentSeconds, totalSeconds, agentTokens }: Cost): string {
  const share = totalSeconds > 0 && agentSeconds > 0 ? ` · ${formatScore(agentSeconds / totalSeconds, "rate")}` : "";
  return `${share}${agentTokens > 0 ? ` · ${formatNumber(agentTokens)} tokens` : ""}`;
}

const words: Readonly<Record<"pause" | "resume", string>> = { pause: "Pause", resume: "Resume" };

function Commands({ runId, state }: { readonly runId: string; readonly state: RunState }): ReactElement | null {
  const commands = useApp((app) => app.commands);
  const command = useApp((app) => app.command);
  const names: readonly CommandName[] = ["pause", "resume", "stop"];
  const problem = names.map((name) => commands[commandKey(name, runId)]).find((entry) => entry?.state === "failed");
  const busy = (name: CommandName): boolean => commands[commandKey(name, runId)]?.state === "busy";
  if (!state.canPause && !state.canResume && !state.canStop && problem === undefined) return null;
  const button = (name: "pause" | "resume"): ReactElement => (
    <Button icon={name === "pause" ? "pause" : "play"} look={name === "resume" ? "primary" : "plain"} busy={busy(name)} onClick={() => void command(name, runId)}>{words[name]}</Button>
  );
  return (
    <div className="run-commands">
      <div className="run-buttons">
        {state.canResume ? button("resume") : null}
        {state.canPause ? button("pause") : null}
        {state.canStop ? <StopButton busy={busy("stop")} onStop={() => void command("stop", runId)} /> : null}
      </div>
      {problem?.state === "failed" ? <ProblemNotice problem={problem.error} /> : null}
    </div>
  );
}
