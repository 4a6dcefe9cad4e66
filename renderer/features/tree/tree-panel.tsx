import "./tree.css";
import { lazy, Suspense, useMemo, useState, type ReactElement } from "react";
import type { RunView } from "../../contract.js";
import type { NodeProgress } from "../../store/state.js";
import { Icon } from "../../ui/icon.js";
import { Card, Empty, LoadingBlock } from "../../ui/panels.js";
import { useNarrow } from "../../ui/use-narrow.js";
import { scoreUnitOf } from "../../ui/format.js";
import { bestNodeIdOf, runState } from "../run/run-state.js";
import { markFacts } from "./node-marks.js";
import { scoreScale } from "./score-scale.js";
import { TreeGrid } from "./tree-grid.js";
import { indexTree, pathTo } from "./tree-index.js";
import type { TreeContext } from "./tree-context.js";

const TreeCanvas = lazy(() => import("./tree-canvas.js"));

interface TreePanelProps {
  readonly view: RunView;
  readonly progress: Readonly<Record<string, NodeProgress>>;
  readonly selectedId: string | null;
  readonly onSelect: (id: string) => void;
  readonly onOpen: (id: string) => void;
}

/** The experiments as a drawn tree or as a list; both show the same and both work from the keyboard. */
export function TreePanel({ view, progress, selectedId, onSelect, onOpen }: TreePanelProps): ReactElement {
  const narrow = useNarrow();
  const [chosen, setChosen] = useState<"tree" | "list" | null>(null);
  const shown = chosen ?? (narrow ? "list" : "tree");
  const context = useMemo((): TreeContext => {
    const index = indexTree(view.nodes);
    const bestId = bestNodeIdOf(view);
    return { index, marks: markFacts(index, view.steering), scale: scoreScale(view), unit: scoreUnitOf(view.requirement?.metric ?? null), bestId, bestPath: new Set(pathTo(index, bestId)), baselineId: view.baselineNodeId };
  }, [view]);
  const onPick = narrow ? onOpen : onSelect;
  const toggle = (
    <div className="segments" role="group" aria-label="Show experiments as">
      <button type="button" aria-pressed={shown === "tree"} onClick={() => setChosen("tree")}><Icon name="tree" />Tree</button>
      <button type="button" aria-pressed={shown === "list"} onClick={() => setChosen("list")}><Icon name="list" />List</button>
    </div>
  );
  const counts = `${view.nodes.length} ${view.nodes.length === 1 ? "experiment" : "experiments"}${view.backtracks > 0 ? `, turned back ${view.backtracks === 1 ? "once" : `${view.backtracks} times`}` : ""}`;
  return (
    <Card title="Experiments" aside={<><span className="tree-counts">{counts}</span>{toggle}</>} className={`tree-card tree-as-${view.nodes.length === 0 ? "empty" : shown}`}>
      {view.nodes.length === 0 ? (
        <Empty title="No experiment yet."><p>{runState(view.status).active ? "The data is being read first. The base model is scored before anything is trained." : "The run came to rest before its first experiment."}</p></Empty>
      ) : shown === "tree" ? (
        <Suspense fallback={<LoadingBlock label="Drawing the tree" />}>
          <TreeCanvas context={context} progress={progress} selectedId={selectedId} onSelect={onSelect} onPick={onPick} onOpen={onOpen} />
        </Suspense>
      ) : (
        <TreeGrid context={context} progress={progress} selectedId={selectedId} onSelect={onSelect} onPick={onPick} onOpen={onOpen} />
      )}
    </Card>
  );
}
