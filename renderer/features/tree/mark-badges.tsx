import { useMemo, type ReactElement } from "react";
import type { RunView, TreeNode } from "../../contract.js";
import { Badge } from "../../ui/controls.js";
import type { Tone } from "../../ui/tone.js";
import { markFacts, marksOf, type NodeMark } from "./node-marks.js";
import { indexTree } from "./tree-index.js";

const tones: Readonly<Partial<Record<NodeMark["name"], Tone>>> = { pinned: "info", pruned: "warn" };

/** A node's marks as badges. Who made it is said by the badge of its decider. */
export function MarkBadges({ view, node }: { readonly view: RunView; readonly node: TreeNode }): ReactElement {
  const facts = useMemo(() => markFacts(indexTree(view.nodes), view.steering), [view]);
  return <>{marksOf(node, facts).filter((mark) => mark.name !== "user-made").map((mark) => <Badge key={mark.name} tone={tones[mark.name] ?? "quiet"} icon={mark.icon} hint={mark.hint}>{mark.label}</Badge>)}</>;
}
