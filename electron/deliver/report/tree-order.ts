import type { TreeNode } from "../../contract/index.js";

export interface PlacedNode {
  readonly node: TreeNode;
  /** The lines that lead to the node, as characters: "│  ├─ ". */
  readonly branch: string;
}

/** Deeper branches are drawn from here on: a line of connectors as wide as the page would leave no room for the text. */
const widestBranch = 18;

/** Every node below its parent, children in the order they were made. A node whose parent is missing becomes a root. */
export function inTreeOrder(nodes: readonly TreeNode[]): PlacedNode[] {
  const known = new Set(nodes.map((node) => node.id));
  const placed: PlacedNode[] = [];
  const place = (node: TreeNode, before: string, isLast: boolean, isRoot: boolean): void => {
    placed.push({ node, branch: isRoot ? "" : `${before}${isLast ? "└─ " : "├─ "}`.slice(-widestBranch) });
    const children = nodes.filter((child) => child.parent === node.id && child.id !== node.id);
    const below = isRoot ? "" : `${before}${isLast ? "   " : "│  "}`;
    children.forEach((child, index) => place(child, below, index === children.length - 1, false));
  };
  for (const node of nodes) if (node.parent === null || !known.has(node.parent)) place(node, "", true, true);
  return placed;
}
