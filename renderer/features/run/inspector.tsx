import { useMemo, type ReactElement, type ReactNode } from "react";
import type { RunView, TreeNode } from "../../contract.js";
import type { NodeProgress } from "../../store/state.js";
import { Badge, Button, Hint } from "../../ui/controls.js";
import { CopyText } from "../../ui/copy-path.js";
import { formatEnergy, formatGain, formatGainInterval, formatInterval, formatNumber, formatScore, formatSeconds, scoreUnitOf, type ScoreUnit } from "../../ui/format.js";
import { Card, Empty, Fact, Notice } from "../../ui/panels.js";
import { DecisionView } from "../decision/decision-view.js";
import { FailureClusters } from "../decision/failure-clusters.js";
import { SpectraStrip } from "../decision/spectra-strip.js";
import { conditionWords } from "../library/library-words.js";
import { NodeActions } from "../steering/node-actions.js";
import { MarkBadges } from "../tree/mark-badges.js";
import { nodeState } from "../tree/node-state.js";
import { progressShare } from "../tree/node-words.js";
import { axisWords, deciderWords, kindWords, stageWord } from "../tree/words.js";
import { Answers } from "./answers.js";
import { ConfigTable } from "./config-table.js";
import { failureWords } from "./failure-words.js";
import { LossPlot } from "./loss-plot.js";
import { MemoryPlanView } from "./memory-plan-view.js";
import { PlanView } from "./plan-view.js";
import { bestNodeIdOf, runState } from "./run-state.js";
import { secondaryLabel, secondaryValue } from "./secondary-words.js";

interface InspectorProps {
  readonly view: RunView;
  readonly nodeId: string | null;
  /** The panel shows whatever matters now, because the user has not chosen. */
  readonly follows: boolean;
  readonly progress: Readonly<Record<string, NodeProgress>>;
  readonly onSelect: (nodeId: string) => void;
  readonly onFollow: () => void;
}

/** Everything known about one experiment. */
export function Inspector({ view, nodeId, follows, progress, onSelect, onFollow }: InspectorProps): ReactElement {
  const node = view.nodes.find((candidate) => candidate.id === nodeId);
  if (node === undefined) return <Card title="Details" className="inspector"><Empty title="Nothing to show yet."><p>Details of the selected experiment appear here.</p></Empty></Card>;
  const state = nodeState(node);
  const isBest = bestNodeIdOf(view) === node.id;
  return (
    <Card label="Details of the selected experiment" className="inspector">
      <header className={`inspector-head tone-${state.tone}`}>
        <p className="inspector-kicker">
          <span>{kindWords[node.kind]}</span>
          <span className="mono">{node.id}</span>
          {follows ? (runState(view.status).active ? <span className="inspector-follow">Following the run</span> : null) : <Button look="quiet" onClick={onFollow}>{runState(view.status).active ? "Follow the run" : "Back to the result"}</Button>}
        </p>
        <h2>{node.plan.title}</h2>
        <p className="inspector-badges">
          <Badge tone={state.tone} icon={state.icon} hint={state.hint}>{state.label}</Badge>
          {isBest ? <Badge tone="gain" icon="star">{view.delivery === null ? "Best so far" : view.delivery.kind === "base" ? "Best tried" : "Delivered"}</Badge> : null}
          <Badge tone="quiet" hint={axisWords[node.axis].hint}>{axisWords[node.axis].label}</Badge>
          <Badge tone="quiet" hint={deciderWords[node.decidedBy].hint}>{deciderWords[node.decidedBy].label}</Badge>
          <MarkBadges view={view} node={node} />
        </p>
        <NodeActions key={node.id} view={view} node={node} />
      </header>
      <div className="inspector-body" key={node.id}>
        {node.status === "running" ? <Running node={node} progress={progress[node.id]} /> : null}
        {node.failure === null ? null : (
          <Notice tone="bad" title={node.failure.message}>
            {node.failure.hint === "" ? null : <p>{node.failure.hint}</p>}
            <p className="muted">{failureWords[node.failure.class]} <code>{node.failure.code}</code></p>
          </Notice>
        )}
        {node.insight === null ? null : <blockquote className="insight-quote"><span className="label">Learned</span>{node.insight}</blockquote>}
        {node.conditions.length === 0 ? null : <p className="diagnosis"><span className="label">Diagnosis</span> {node.conditions.map((condition) => <Badge key={condition} tone="quiet" hint="Cards about this situation count for what is tried next">{conditionWords[condition]}</Badge>)}</p>}
        <Scores node={node} view={view} />
        <Section title="Why this"><PlanView node={node} view={view} onSelect={onSelect} /></Section>
        {node.decision === null ? null : <Section title="How this was decided"><DecisionView decision={node.decision} node={node} view={view} unit={scoreUnitOf(view.requirement?.metric ?? null)} onSelect={onSelect} /></Section>}
        <Section title="What changed"><Changes node={node} nodes={view.nodes} /></Section>
        {node.loss.length === 0 ? null : <Section title="Learning curve"><LossPlot points={node.loss} /></Section>}
        {node.failures.length === 0 ? null : <Section title="What kept going wrong"><FailureClusters failures={node.failures} /></Section>}
        {node.samples.length === 0 ? null : <Section title="Sample answers"><Answers samples={node.samples} /></Section>}
        {node.spectra.length === 0 ? null : <Section title="Use of the adapter’s rank"><SpectraStrip spectra={node.spectra} /></Section>}
        {node.memory === null ? null : <Section title="Memory, planned and used"><MemoryPlanView memory={node.memory} /></Section>}
        <Section title="Cost"><CostFacts node={node} /></Section>
        {node.adapterPath === null ? null : (
          <Section title="Adapter">
            <CopyText text={node.adapterPath} label="the adapter's path" />
            {node.adapterSha256 === null ? null : <p className="muted digest">SHA-256 <code>{node.adapterSha256}</code></p>}
          </Section>
        )}
      </div>
    </Card>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactElement {
  return (
    <section className="inspector-section">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Running({ node, progress }: { readonly node: TreeNode; readonly progress: NodeProgress | undefined }): ReactElement {
  const share = progressShare(node, progress);
  const details = [
    progress === undefined || progress.total === 0 ? null : `${formatNumber(progress.done)} of ${formatNumber(progress.total)}`,
    progress?.loss == null ? null : `loss ${formatNumber(progress.loss)}`,
    progress?.tokensPerSecond == null ? null : `${formatNumber(Math.round(progress.tokensPerSecond))} tokens/s`,
  ].filter((part) => part !== null);
  return (
    <div className="inspector-running tone-info">
      <p><strong>{stageWord(progress?.stage ?? node.stage)}</strong> <span className="muted">{details.join(" · ")}</span></p>
      <div className={share === null ? "meter is-unknown" : "meter"} aria-hidden="true"><span style={{ width: `${(share ?? 0.3) * 100}%` }} /></div>
    </div>
  );
}

function Scores({ node, view }: { readonly node: TreeNode; readonly view: RunView }): ReactElement | null {
  const unit = scoreUnitOf(view.requirement?.metric ?? null);
  if (node.score === null && node.pilot === null) return null;
  const secondary = Object.entries(node.secondary);
  return (
    <Section title="Scores">
      <dl className="facts">
        {node.score === null ? null : <ScoreFact label="Search rows" hint="Scored on rows the search may look at" score={node.score} unit={unit} strong />}
        {node.gain === null || node.kind === "baseline" ? null : (
          <Fact label={<Hint text="Difference on the same questions, which is surer than comparing two intervals">Vs prompted base</Hint>}><strong>{formatGain(node.gain.score, unit)}</strong> <span className="muted">({formatGainInterval(node.gain.ci, unit)})</span></Fact>
        )}
        {node.pilot === null ? null : <ScoreFact label="Short trial" hint="A cheap first look, on fewer rows or after less training" score={node.pilot} unit={unit} />}
        {node.finalist === null ? null : <ScoreFact label={`Selection rows, ${node.finalist.seeds} ${node.finalist.seeds === 1 ? "seed" : "seeds"}`} hint="Finalists are compared again on rows the search never used" score={node.finalist.score} unit={unit} />}
        {secondary.map(([name, value]) => <Fact key={name} label={secondaryLabel(name)}>{secondaryValue(name, value)}</Fact>)}
      </dl>
    </Section>
  );
}

function ScoreFact({ label, hint, score, unit, strong = false }: { readonly label: string; readonly hint: string; readonly score: NonNullable<TreeNode["score"]>; readonly unit: ScoreUnit; readonly strong?: boolean }): ReactElement {
  const text = formatScore(score.score, unit);
  return <Fact label={<Hint text={hint}>{label}</Hint>}>{strong ? <strong>{text}</strong> : text} <span className="muted">({formatInterval(score.ci, unit)}, {score.n} questions)</span></Fact>;
}

function Changes({ node, nodes }: { readonly node: TreeNode; readonly nodes: readonly TreeNode[] }): ReactElement {
  const parent = useMemo(() => nodes.find((candidate) => candidate.id === node.parent) ?? null, [nodes, node.parent]);
  return <ConfigTable parent={parent} node={node} />;
}

function CostFacts({ node }: { readonly node: TreeNode }): ReactElement {
  const { cost } = node;
  return (
    <dl className="facts facts-row">
      <Fact label="Training">{formatSeconds(cost.trainSeconds)}</Fact>
      <Fact label="Scoring">{formatSeconds(cost.evalSeconds)}</Fact>
      <Fact label="Agents">{formatSeconds(cost.agentSeconds)}{cost.agentTokens > 0 ? ` · ${formatNumber(cost.agentTokens)} tokens` : ""}</Fact>
      <Fact label="Energy">{formatEnergy(cost.energyJoules)}</Fact>
    </dl>
  );
}
