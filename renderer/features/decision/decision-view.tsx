import "./decision.css";
import type { ReactElement, ReactNode } from "react";
import type { Decision, RunView, TreeNode } from "../../contract.js";
import { formatNumber, formatSeconds, grouped, type ScoreUnit } from "../../ui/format.js";
import { axisWords, deciderWords } from "../tree/words.js";
import { CandidateBars } from "./candidate-bars.js";
import { hintText } from "./evidence.js";
import { EvidenceList } from "./evidence-link.js";

interface DecisionViewProps {
  readonly decision: Decision;
  readonly node: TreeNode;
  readonly view: RunView;
  readonly unit: ScoreUnit;
  readonly onSelect: (nodeId: string) => void;
}

/** How a node came to be, in the order in which it was decided: where, what was known, which direction, what was weighed, what was done. */
export function DecisionView({ decision, node, view, unit, onSelect }: DecisionViewProps): ReactElement {
  const { selection, known, direction, candidates, host, planner } = decision;
  const evidence = (ids: readonly string[]): ReactElement => <EvidenceList ids={ids} view={view} onSelect={onSelect} />;
  const isNothingKnown = known.cards.length + known.nodes.length + known.hints.length + known.insights.length === 0;
  return (
    <ol className="decision">
      <Step title="Where to grow">
        <p>{selection.reason}</p>
        {selection.considered.length === 0 ? null : <Considered decision={decision} parentId={node.parent} view={view} onSelect={onSelect} />}
      </Step>
      <Step title="What was known">
        {isNothingKnown ? <p className="muted">Nothing beyond the task and the experiment it grows from.</p> : (
          <dl className="facts">
            {known.cards.length === 0 ? null : <Known label="Cards">{evidence(known.cards)}</Known>}
            {known.nodes.length === 0 ? null : <Known label="Experiments">{evidence(known.nodes)}</Known>}
            {known.hints.length === 0 ? null : <Known label="Your hints"><ul className="decision-insights">{known.hints.map((id) => <li key={id}>{hintText(id.replace(/^hint:/, ""), view)}</li>)}</ul></Known>}
            {known.insights.length === 0 ? null : <Known label="Learned so far"><ul className="decision-insights">{known.insights.map((text) => <li key={text}>{text}</li>)}</ul></Known>}
          </dl>
        )}
      </Step>
      {direction === null ? null : <Step title="Direction"><p><strong>{axisWords[direction.axis].label}</strong>. {direction.why}</p></Step>}
      {candidates.length === 0 ? null : <Step title="What was considered"><CandidateBars candidates={candidates} chosen={node.plan.move} unit={unit} /></Step>}
      {host.length === 0 ? null : <Step title="What the host did and why"><ul className="decision-host">{host.map((line) => <li key={line}>{line}</li>)}</ul></Step>}
      <Step title="Who planned">
        <p>{deciderWords[planner.name].label}<span className="muted">{plannerCost(planner)}</span></p>
        {planner.prompts.length === 0 ? null : <p className="muted">Prompts: <span className="mono">{planner.prompts.join(", ")}</span>{known.promptCharacters > 0 ? `, ${grouped(known.promptCharacters)} characters in all` : ""}</p>}
      </Step>
    </ol>
  );
}

const plannerCost = ({ seconds, tokens }: Decision["planner"]): string => `${seconds > 0 ? ` · ${formatSeconds(seconds)}` : ""}${tokens > 0 ? ` · ${grouped(tokens)} tokens` : ""}`;

const Step = ({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactElement => <li className="decision-step"><h4>{title}</h4>{children}</li>;
const Known = ({ label, children }: { readonly label: string; readonly children: ReactNode }): ReactElement => <div className="fact"><dt>{label}</dt><dd>{children}</dd></div>;

function Considered({ decision, parentId, view, onSelect }: { readonly decision: Decision; readonly parentId: string | null; readonly view: RunView; readonly onSelect: (nodeId: string) => void }): ReactElement {
  const { considered } = decision.selection;
  return (
    <details>
      <summary className="decision-more">{considered.length === 1 ? "The one place it could grow from" : `The ${considered.length} places it could grow from`}</summary>
      <table className="decision-table">
        <thead><tr><th scope="col">Experiment</th><th scope="col" className="number" title="Mean reward plus a bonus for what was tried little: the highest is grown">Value</th><th scope="col" className="number" title="Mean reward at and below it">Mean</th><th scope="col" className="number" title="How often the search grew from here">Visits</th></tr></thead>
        <tbody>
          {considered.map((place) => (
            <tr key={place.nodeId} className={place.nodeId === parentId ? "is-chosen" : undefined}>
              <th scope="row"><EvidenceList ids={[place.nodeId]} view={view} onSelect={onSelect} /></th>
              <td className="number">{formatNumber(place.value)}</td><td className="number">{formatNumber(place.mean)}</td><td className="number">{place.visits}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
