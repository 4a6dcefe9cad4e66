import type { ReactElement } from "react";
import { moves, type RunView, type TreeNode } from "../../contract.js";
import { Badge, Hint } from "../../ui/controls.js";
import { formatScore, scoreUnitOf } from "../../ui/format.js";
import { Icon } from "../../ui/icon.js";
import { EvidenceList } from "../decision/evidence-link.js";
import { deciderWords } from "../tree/words.js";
import { predictionWords } from "./secondary-words.js";

interface PlanViewProps {
  readonly node: TreeNode;
  readonly view: RunView;
  readonly onSelect: (nodeId: string) => void;
}

/** The reasoning behind a node: what was expected, on which evidence, what else was considered, and who chose. */
export function PlanView({ node, view, onSelect }: PlanViewProps): ReactElement {
  const { plan } = node;
  const prediction = plan.candidates.find((candidate) => candidate.move === plan.move)?.prediction;
  return (
    <div className="plan">
      {plan.hypothesis === "" ? null : (
        <p>
          {plan.hypothesis}{" "}
          {node.hypothesisHeld === null ? null : <Badge tone={node.hypothesisHeld ? "gain" : "warn"} icon={node.hypothesisHeld ? "check" : "cross"}>{node.hypothesisHeld ? "Held" : "Did not hold"}</Badge>}
        </p>
      )}
      {prediction === undefined ? null : <p className="muted plan-source"><Hint text="The hypothesis as a figure that can turn out otherwise">Prediction</Hint>: {predictionWords(prediction, scoreUnitOf(view.requirement?.metric ?? null))}.</p>}
      {plan.candidates.length === 0 || node.decision !== null ? null : (
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
        {plan.evidence.length === 0 ? null : <> Based on <EvidenceList ids={plan.evidence} view={view} onSelect={onSelect} />.</>}
      </p>
      {plan.fallbackReason === null ? null : <p className="muted">The language model was asked and did not decide: {plan.fallbackReason}</p>}
    </div>
  );
}
