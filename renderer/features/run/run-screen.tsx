import "./run.css";
import { useEffect, useRef, useState, type ReactElement } from "react";
import { valueOf } from "../../store/loadable.js";
import type { NodeProgress, ReceivedView } from "../../store/state.js";
import { useApp } from "../../store/use-app.js";
import { Icon } from "../../ui/icon.js";
import { Card, LoadingBlock, Notice, ProblemNotice } from "../../ui/panels.js";
import { SteeringCard } from "../steering/steering-card.js";
import { TreePanel } from "../tree/tree-panel.js";
import { Inspector } from "./inspector.js";
import { InsightsCard } from "./insights-card.js";
import { MemoryCard } from "./memory-card.js";
import { ResultCard } from "./result-card.js";
import { RunFacts } from "./run-facts.js";
import { RunHeader } from "./run-header.js";
import { focusNodeId } from "./run-state.js";
import { ScoreCard } from "./score-card.js";

const noProgress: Readonly<Record<string, NodeProgress>> = {};

export function RunScreen({ runId }: { readonly runId: string }): ReactElement {
  const received = useApp((state) => state.views[runId]);
  const openRun = useApp((state) => state.openRun);
  const closeRun = useApp((state) => state.closeRun);
  useEffect(() => {
    void openRun(runId);
    return closeRun;
  }, [openRun, closeRun, runId]);
  const value = valueOf(received);
  if (value === null) {
    return (
      <div className="page">
        {received?.state === "failed" ? <ProblemNotice problem={received.error} onRetry={() => void openRun(runId)} /> : <Card><LoadingBlock label="Loading the run" lines={8} /></Card>}
      </div>
    );
  }
  return <RunBody received={value} problem={received?.state === "failed" ? <ProblemNotice problem={received.error} onRetry={() => void openRun(runId)} /> : null} />;
}

function RunBody({ received, problem }: { readonly received: ReceivedView; readonly problem: ReactElement | null }): ReactElement {
  const { view } = received;
  const progress = useApp((state) => state.progress[view.runId]) ?? noProgress;
  const [chosenId, setChosenId] = useState<string | null>(null);
  const inspector = useRef<HTMLDivElement>(null);
  const chosen = chosenId !== null && view.nodes.some((node) => node.id === chosenId) ? chosenId : null;
  const selectedId = chosen ?? focusNodeId(view);
  const open = (id: string): void => {
    setChosenId(id);
    inspector.current?.focus({ preventScroll: true });
    inspector.current?.scrollIntoView({ block: "nearest", behavior: "auto" });
  };
  return (
    <div className="run">
      <RunHeader received={received} />
      {problem}
      {view.failure === null ? null : (
        <Notice tone="bad" title={view.failure.message}>{view.failure.hint === "" ? null : <p>{view.failure.hint}</p>}</Notice>
      )}
      {view.plannerRetired === null ? null : <Notice tone="info" title="The house planner has taken over from the language model."><p>{view.plannerRetired}</p></Notice>}
      <Warnings warnings={view.warnings} />
      <div className="run-columns">
        <div className="run-main">
          <ResultCard view={view} />
          <TreePanel view={view} progress={progress} selectedId={selectedId} onSelect={setChosenId} onOpen={open} />
          <div className="run-pair">
            <ScoreCard view={view} selectedId={selectedId} onSelect={setChosenId} />
            <MemoryCard runId={view.runId} />
          </div>
          <SteeringCard view={view} onSelect={open} />
          <div className="run-pair">
            <InsightsCard view={view} onSelect={open} />
            <RunFacts view={view} />
          </div>
        </div>
        <div className="run-side" ref={inspector} tabIndex={-1}>
          <Inspector view={view} nodeId={selectedId} follows={chosen === null} progress={progress} onSelect={setChosenId} onFollow={() => setChosenId(null)} />
        </div>
      </div>
    </div>
  );
}

/** Folded up: they should be known, and should not push the tree off the screen. */
function Warnings({ warnings }: { readonly warnings: readonly string[] }): ReactElement | null {
  if (warnings.length === 0) return null;
  return (
    <details className="warnings tone-warn">
      <summary><Icon name="alert" />{warnings.length === 1 ? "One thing to know about this run" : `${warnings.length} things to know about this run`}</summary>
      <ul>{warnings.map((warning) => <li key={warning}>{warning}</li>)}</ul>
    </details>
  );
}
