import { hierarchy, tree } from "d3-hierarchy";
import type { TreeIndex } from "./tree-index.js";

export const cardSize = { width: 204, height: 98 } as const;
const gap = { across: 38, between: 14, families: 26 } as const;

export interface Placed {
  readonly id: string;
  readonly x: number;
  readonly y: number;
}
export interface TreeLayout {
  readonly placed: readonly Placed[];
  readonly width: number;
  readonly height: number;
}

interface Item {
  readonly id: string | null;
  readonly children: readonly Item[];
}

/** Reingold-Tilford (d3-hierarchy), grown to the right. Top-left corners in pixels; the smallest is 0, 0. */
export function layoutTree(index: TreeIndex): TreeLayout {
  if (index.roots.length === 0) return { placed: [], width: 0, height: 0 };
  const itemOf = (id: string): Item => ({ id, children: index.childrenOf(id).map(itemOf) });
  // d3 wants one root; several baselines without a parent hang from one that is not drawn.
  const root = hierarchy<Item>({ id: null, children: index.roots.map(itemOf) }, (item) => [...item.children]);
  const positioned = tree<Item>()
    .nodeSize([cardSize.height + gap.between, cardSize.width + gap.across])
    .separation((a, b) => (a.parent === b.parent ? 1 : 1 + (gap.families - gap.between) / cardSize.height))(root);
  const drawn = positioned.descendants().flatMap((point) => (point.data.id === null ? [] : [{ id: point.data.id, x: point.y, y: point.x }]));
  const left = Math.min(...drawn.map((point) => point.x));
  const top = Math.min(...drawn.map((point) => point.y));
  const placed = drawn.map((point) => ({ id: point.id, x: point.x - left, y: point.y - top }));
  return {
    placed,
    width: Math.max(...placed.map((point) => point.x)) + cardSize.width,
    height: Math.max(...placed.map((point) => point.y)) + cardSize.height,
  };
}
