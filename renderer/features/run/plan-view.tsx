import type { ReactElement } from "react";
import { moves, type TreeNode } from "../../contract.js";
import { Badge } from "../../ui/controls.js";
import { formatScore } from "../../ui/format.js";
import { Icon } from "../../ui/icon.js";
import { deciderWords } from "../tree/words.js";

interface PlanViewProps {
  readonly node: TreeNode;
  readonly nodes: readonly TreeNode[];
  readonly onSelect: (nodeId: string) => void;
}

/** The reasoning behind a node: what was expected, on which evidence, what else was considered, and who chose. */
export function PlanView({ node, nodes, onSelect }: PlanViewProps): ReactElement {
  const { plan } = node;
  const evidence = plan.evidence.filter((entry) => entry !== "rule");
  return (
    <div className="plan">
      {plan.hypothesis === "" ? null : (
        <p>
          {plan.hypothesis}{" "}
          {node.hypothesisHeld === null ? null : <Badge tone={node.hypothesisHeld ? "gain" : "warn"} icon={node.hypothesisHeld ? "check" : "cross"}>{node.hypothesisHeld ? "Held" : "Did not hold"}</Badge>}
        </p>
      )}
      {plan.candidates.length === 0 ? null : (
        <ul className="candidates" aria-label="Moves that were considered">
          {plan.candidates.map((candidate) => {
            const chosen = candidate.move === plan.move;
            return (
              <li key={candidate.move} className={chosen ? "is-chosen" : undefined} title={candidate.hypothesis}>
                <span className="candidate-name">{chosen ? <Icon name="check" size={12} /> : null}{moves[candidate.move].title}{chosen ? <span className="visually-hidden"> (chosen)</span> : null}</span>
                <span className="meter" aria-hidden="true"><span style={{ width: `${candidate.probability * 100}%` }} /></span>
                <span className="number">{formatScore(candidate.probability, "rate").replace(/\.0(?=\u2009)/, "")}</span>
              </li>
            );
          })}
        </ul>
      )}
      <p className="muted plan-source">
        {`Decided by: ${deciderWords[node.decidedBy].label.toLowerCase()}.`}
        {plan.evidence.includes("rule") ? " Based on a rule." : ""}
        {evidence.length === 0 ? null : (
          <> Based on {evidence.map((id, index) => {
            const source = nodes.find((candidate) => candidate.id === id);
            return (
              <span key={id}>
                {index > 0 ? ", " : ""}
                {source === undefined ? id : <button type="button" className="link" onClick={() => onSelect(id)}>{source.plan.title}</button>}
              </span>
            );
          })}.</>
        )}
      </p>
      {plan.fallbackReason === null ? null : <p className="muted">The language model was asked and did not decide: {plan.fallbackReason}</p>}
    </div>
  );
}
