import type { ReactElement } from "react";
import type { RunView } from "../../contract.js";
import { Icon } from "../../ui/icon.js";
import { Card, Empty } from "../../ui/panels.js";
import { nodeState } from "../tree/node-state.js";

/** What the search has learned, newest first; each line leads to the experiment it came from. */
export function InsightsCard({ view, onSelect }: { readonly view: RunView; readonly onSelect: (nodeId: string) => void }): ReactElement {
  const newestFirst = view.insights.toReversed();
  return (
    <Card title="What was learned" aside={view.insights.length === 0 ? undefined : `${view.insights.length}`} className="insights-card">
      {newestFirst.length === 0 ? <Empty title="Nothing yet."><p>Each finished experiment adds one line.</p></Empty> : (
        <ul className="insights">
          {newestFirst.map((insight) => {
            const node = view.nodes.find((candidate) => candidate.id === insight.nodeId);
            const state = node === undefined ? null : nodeState(node);
            return (
              <li key={insight.nodeId + insight.text}>
                <button type="button" onClick={() => onSelect(insight.nodeId)}>
                  {state === null ? null : <span className={`insight-mark tone-${state.tone}`} title={state.label}><Icon name={state.icon} size={12} /><span className="visually-hidden">{state.label}: </span></span>}
                  <span><span className="insight-text">{insight.text}</span><span className="insight-node">{node?.plan.title ?? insight.nodeId}</span></span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </Card>
  );
}
