import { memo, type ReactElement } from "react";
import type { TreeNode } from "../../contract.js";
import type { NodeProgress } from "../../store/state.js";
import { formatGain, formatScore, formatSeconds } from "../../ui/format.js";
import { Icon } from "../../ui/icon.js";
import { NodeMarkIcons } from "./node-mark-icons.js";
import { marksOf } from "./node-marks.js";
import { nodeState, scoreOf } from "./node-state.js";
import { describeNode, progressShare } from "./node-words.js";
import type { TreeContext } from "./tree-context.js";
import { Whisker } from "./whisker.js";
import { axisWords, deciderWords, stageWord } from "./words.js";

interface NodeCardProps {
  readonly node: TreeNode;
  readonly context: TreeContext;
  readonly progress: NodeProgress | undefined;
  readonly selected: boolean;
}

/** One experiment at a glance: what was tried, how it ended, its score beside all others, and what it cost. */
export const NodeCard = memo(function NodeCard({ node, context, progress, selected }: NodeCardProps): ReactElement {
  const state = nodeState(node);
  const scored = scoreOf(node);
  const running = node.status === "running";
  const marks = marksOf(node, context.marks);
  const isCutOff = context.marks.pruned.has(node.id) || context.marks.belowPruned.has(node.id);
  const classes = ["node-card", `tone-${state.tone}`, selected ? "is-selected" : "", context.bestPath.has(node.id) ? "is-on-path" : "", node.kind === "baseline" ? "is-baseline" : "", isCutOff ? "is-cut-off" : ""].filter(Boolean).join(" ");
  return (
    <span className={classes}>
      <span className="node-title">
        <span className="node-name" title={node.plan.title}>{node.plan.title}</span>
        <NodeMarkIcons marks={marks} />
        {context.bestId === node.id ? <span className="node-best" title="Best experiment"><Icon name="star" size={12} /></span> : null}
      </span>
      <span className="node-middle">
        <span className="node-state" title={state.hint}><Icon name={state.icon} size={12} />{running ? stageWord(progress?.stage ?? node.stage) : state.label}</span>
        {scored === null ? null : <strong className="node-score" title={scored.pilotOnly ? "Score of the short trial only" : undefined}>{scored.pilotOnly ? "~" : ""}{formatScore(scored.estimate.score, context.unit)}</strong>}
      </span>
      {running ? <ProgressLine node={node} progress={progress} /> : scored !== null && context.scale !== null ? <Whisker estimate={scored.estimate} scale={context.scale} /> : <span className="node-failure" title={node.failure?.message}>{node.failure?.message ?? "\u00a0"}</span>}
      <span className="node-foot">
        <span className="node-source"><span title={axisWords[node.axis].hint}>{axisWords[node.axis].label}</span> · <span title={deciderWords[node.decidedBy].hint}>{deciderWords[node.decidedBy].short}</span></span>
        {node.gain !== null && node.kind !== "baseline" ? <span className="node-gain" title="Against the prompted base model, in points">{formatGain(node.gain.score, context.unit).replace(/\u2009pts$/, "")}</span> : null}
        {node.cost.totalSeconds > 0 ? <span title="Time spent on it">{formatSeconds(node.cost.totalSeconds)}</span> : null}
      </span>
      <span className="visually-hidden">{describeNode(node, context)}</span>
    </span>
  );
});

function ProgressLine({ node, progress }: { readonly node: TreeNode; readonly progress: NodeProgress | undefined }): ReactElement {
  const share = progressShare(node, progress);
  return (
    <span className={share === null ? "meter node-progress is-unknown" : "meter node-progress"} aria-hidden="true">
      <span style={{ width: `${(share ?? 0.3) * 100}%` }} />
    </span>
  );
}
