import "./steering.css";
import { useState, type ReactElement } from "react";
import type { RunView, TreeNode } from "../../contract.js";
import { Button } from "../../ui/controls.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemNotice } from "../../ui/panels.js";
import { runState } from "../run/run-state.js";
import { BranchDialog } from "./branch-dialog.js";
import { endsRunning } from "./ends-running.js";
import { useSteer } from "./use-steer.js";

/** What the user may do with one experiment. Only what ends something that runs is asked about first. */
export function NodeActions({ view, node }: { readonly view: RunView; readonly node: TreeNode }): ReactElement | null {
  const steer = useSteer(view.runId);
  const [asking, setAsking] = useState<"branch" | "prune" | null>(null);
  if (!runState(view.status).canSteer) return null;
  const isPinned = view.steering.pinned.includes(node.id);
  const isPruned = view.steering.pruned.includes(node.id);
  const ended = endsRunning(view.nodes, node.id);
  const close = (): void => setAsking(null);
  const prune = (): void => void steer.send({ kind: "prune", nodeId: node.id });
  return (
    <div className="node-actions">
      <div className="node-buttons" role="group" aria-label="Steer the search from here">
        <Button icon="pin" aria-pressed={isPinned} disabled={steer.busy} title={isPinned ? "Let the search choose freely again" : "Grow from here before all others"} onClick={() => void steer.send({ kind: isPinned ? "unpin" : "pin", nodeId: node.id })}>{isPinned ? "Unpin" : "Pin"}</Button>
        <Button icon="tree" disabled={steer.busy} title="The next experiment: this recipe with one changed field" onClick={() => setAsking("branch")}>Branch</Button>
        {isPruned
          ? <Button icon="scissors" disabled={steer.busy} title="Let the search grow from here again" onClick={() => void steer.send({ kind: "restore", nodeId: node.id })}>Restore</Button>
          : <Button icon="scissors" disabled={steer.busy} title="Nothing grows from here or below it any more" onClick={() => { if (ended.length > 0) setAsking("prune"); else prune(); }}>Prune</Button>}
      </div>
      {steer.problem === null || asking === "branch" ? null : <ProblemNotice problem={steer.problem} />}
      <BranchDialog node={node} steer={steer} open={asking === "branch"} onClose={close} />
      <Dialog title="End what is running?" open={asking === "prune"} onClose={close}>
        <p>{`“${ended.map((running) => running.plan.title).join("”, “")}” is running at or below this experiment and would be ended. What is finished is kept and may still be delivered.`}</p>
        <div className="dialog-actions">
          <Button onClick={close} autoFocus>Keep running</Button>
          <Button look="danger" icon="scissors" onClick={() => { close(); prune(); }}>End and prune</Button>
        </div>
      </Dialog>
    </div>
  );
}
