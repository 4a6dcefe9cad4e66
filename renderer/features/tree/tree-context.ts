import type { NodeProgress } from "../../store/state.js";
import type { ScoreUnit } from "../../ui/format.js";
import type { MarkFacts } from "./node-marks.js";
import type { ScoreScale } from "./score-scale.js";
import type { TreeIndex } from "./tree-index.js";

/** What every drawing of one run's tree shares. */
export interface TreeContext {
  readonly index: TreeIndex;
  readonly scale: ScoreScale | null;
  readonly unit: ScoreUnit;
  readonly bestId: string | null;
  readonly bestPath: ReadonlySet<string>;
  readonly baselineId: string | null;
  readonly marks: MarkFacts;
}

export interface TreeViewProps {
  readonly context: TreeContext;
  readonly progress: Readonly<Record<string, NodeProgress>>;
  readonly selectedId: string | null;
  readonly onSelect: (id: string) => void;
  /** A click: selects, and on a narrow page moves on to the details, which lie far below. */
  readonly onPick: (id: string) => void;
  /** Selects and moves on to the node's details. */
  readonly onOpen: (id: string) => void;
}
