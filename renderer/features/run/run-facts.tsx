import type { ReactElement } from "react";
import type { RunView } from "../../contract.js";
import { formatNumber, formatSeconds, grouped, scoreUnitOf } from "../../ui/format.js";
import { Card, Empty, Fact } from "../../ui/panels.js";
import { fileName, metricWords, splitWords } from "./requirement-words.js";

/** What was fixed before the first experiment, and what the data turned out to be. */
export function RunFacts({ view }: { readonly view: RunView }): ReactElement {
  const { requirement, importReport } = view;
  if (requirement === null) return <Card title="Task"><Empty title="The task is being read." /></Card>;
  const unit = scoreUnitOf(requirement.metric);
  const sizes = Object.entries(requirement.splitSizes);
  return (
    <Card title="Task">
      <dl className="card-body facts">
        <Fact label="Model"><span title={requirement.modelPath}>{requirement.modelName}</span> <span className="muted">({requirement.architecture})</span></Fact>
        <Fact label="Data"><span title={requirement.dataPath}>{fileName(requirement.dataPath)}</span>{importReport === null ? null : <span className="muted"> · {grouped(importReport.accepted)} of {grouped(importReport.rows)} rows used</span>}</Fact>
        <Fact label="Measured by">{metricWords[requirement.metric]} <span className="muted">· {requirement.metricReason}</span></Fact>
        {sizes.length === 0 ? null : <Fact label="Rows">{sizes.map(([name, count]) => `${splitWords(name)} ${grouped(count)}`).join(", ")}</Fact>}
        <Fact label="Noise floor" hint="Standard error of one experiment's score: smaller differences cannot be told from chance">{view.noiseFloor === null ? "not measured yet" : `±${unit === "rate" ? `${formatNumber(view.noiseFloor * 100)} pts` : formatNumber(view.noiseFloor)}; a gain must exceed ${formatNumber(requirement.gainSigmas)} standard errors of the difference`}</Fact>
        <Fact label="Planner">{requirement.planner === "house" ? "House rules" : "Language model, house rules behind it"}</Fact>
        <Fact label="Limits">{formatSeconds(requirement.budgetMs / 1000)}, {grouped(requirement.maxNodes)} experiments, answers up to {grouped(requirement.maxAnswerTokens)} tokens</Fact>
        <Fact label="Seed">{requirement.seed}</Fact>
        <Fact label="Run"><code>{view.runId}</code></Fact>
      </dl>
    </Card>
  );
}
