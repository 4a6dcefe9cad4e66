import type { ReactElement } from "react";
import { paths } from "../../app/route.js";
import type { Estimate, RunView } from "../../contract.js";
import { Badge, ButtonLink, Hint } from "../../ui/controls.js";
import { CopyText } from "../../ui/copy-path.js";
import { formatGain, formatGainInterval, formatInterval, formatPValue, formatScore, scoreUnitOf, type ScoreUnit } from "../../ui/format.js";
import { Card } from "../../ui/panels.js";
import { PromptDelivery } from "./prompt-delivery.js";
import { resultSummary } from "./result-summary.js";
import { ResultBars, resultNames, type ResultNames } from "./result-bars.js";

/** The end of a run: what came out, how sure that is, where it lies and how to use it. */
export function ResultCard({ view }: { readonly view: RunView }): ReactElement | null {
  if (view.delivery === null && view.vault === null) return null;
  const unit = scoreUnitOf(view.requirement?.metric ?? null);
  const summary = resultSummary(view);
  return (
    <Card className={`result tone-${summary.tone}`} label="Result">
      <div className="result-body">
        <div className="result-words">
          <p className="result-kicker"><Badge tone={summary.tone} icon={summary.icon}>{summary.badge}</Badge>{view.delivery === null ? null : <ButtonLink href={paths.report(view.runId)} look="quiet" icon="report">Read the report</ButtonLink>}</p>
          <h2>{summary.title}</h2>
          {view.delivery === null ? null : <p className="result-reason">{view.delivery.reason}</p>}
          {view.vault === null ? null : (
            <p className="muted result-proof">
              <Hint text="Rows set aside before the search began. No agent saw them, and the score on them was not used to choose anything.">Sealed test</Hint>
              {`: ${view.vault.n} questions, opened ${view.vault.timesOpened === 1 ? "once" : `${view.vault.timesOpened} times`}${view.delivery?.kind === "base" ? "" : `, ${formatPValue(view.vault.pValue)}`}`}
            </p>
          )}
        </div>
        {view.vault === null ? null : <ResultScores baseline={view.delivery?.kind === "base" ? null : view.baseline} vault={view.vault} unit={unit} names={resultNames(view.delivery?.kind ?? null)} />}
      </div>
      <Delivery view={view} />
      <Regression view={view} unit={unit} />
    </Card>
  );
}

interface ResultScoresProps {
  readonly baseline: Estimate | null;
  readonly vault: NonNullable<RunView["vault"]>;
  readonly unit: ScoreUnit;
  readonly names: ResultNames;
}

function ResultScores({ baseline, vault, unit, names }: ResultScoresProps): ReactElement {
  return (
    <div className="result-scores">
      {names.isBase ? null : <p className="result-gain"><strong>{formatGain(vault.gain.score, unit)}</strong><span className="muted">95 % sure: {formatGainInterval(vault.gain.ci, unit)}</span></p>}
      <ResultBars baseline={baseline} vault={vault} unit={unit} names={names} />
      <table className="visually-hidden">
        <caption>Scores on the sealed test with 95 % intervals</caption>
        <tbody>
          {baseline === null ? null : <tr><th scope="row">{names.baseline}</th><td>{formatScore(baseline.score, unit)}</td><td>{formatInterval(baseline.ci, unit)}</td></tr>}
          <tr><th scope="row">{names.delivered}</th><td>{formatScore(vault.score, unit)}</td><td>{formatInterval(vault.ci, unit)}</td></tr>
        </tbody>
      </table>
    </div>
  );
}

function Delivery({ view }: { readonly view: RunView }): ReactElement | null {
  const { delivery, requirement } = view;
  const node = view.nodes.find((candidate) => candidate.id === delivery?.nodeId);
  if (delivery?.kind === "prompt" && node !== undefined) return <PromptDelivery node={node} />;
  const adapterPath = delivery?.adapterPath ?? null;
  if (adapterPath === null) return null;
  return (
    <div className="result-delivery">
      <div className="result-line"><span className="label">Adapter</span><CopyText text={adapterPath} label="the adapter’s path" /></div>
      <details className="result-use">
        <summary>How to use it</summary>
        <div className="result-line"><span className="label">Try it</span><CopyText text={`trex chat --model ${shellWord(requirement?.modelPath ?? "MODEL.gguf")} --adapter ${shellWord(adapterPath)}`} label="the command to try it" /></div>
        <div className="result-line"><span className="label">Export</span><CopyText text={`trex export ${view.runId} --as adapter --out DIR`} label="the command to export it" /></div>
        <p className="muted">Write <code>merged</code>, <code>ollama</code>, <code>lmstudio</code> or <code>peft</code> instead of <code>adapter</code> for a whole model or for those programs.</p>
      </details>
    </div>
  );
}

/** Quoted where a space would break the command in two. */
const shellWord = (text: string): string => (/^[\w./:\\~@%+=,-]+$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`);

function Regression({ view, unit }: { readonly view: RunView; readonly unit: ScoreUnit }): ReactElement | null {
  if (view.regression.length === 0) return null;
  return (
    <div className="result-regression">
      <h3><Hint text="What the base model could do before and must still be able to do">Nothing else got worse?</Hint></h3>
      <ul>
        {view.regression.map((check) => (
          <li key={check.name}>
            <Badge tone={check.passed ? "gain" : "bad"} icon={check.passed ? "check" : "alert"}>{check.passed ? "Kept" : "Worse"}</Badge>
            <span>{check.name}</span>
            <span className="muted">{formatScore(check.base, check.base > 1 ? "number" : unit)} → {formatScore(check.candidate, check.candidate > 1 ? "number" : unit)}</span>
            {check.note === "" ? null : <span className="muted">{check.note}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
