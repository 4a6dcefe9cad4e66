import type { TreeNode } from "../../contract.js";

/** Parents, children and depth of every node, made once per view. Children keep the order they were made in. */
export interface TreeIndex {
  readonly byId: ReadonlyMap<string, TreeNode>;
  readonly roots: readonly string[];
  readonly childrenOf: (id: string) => readonly string[];
  readonly depthOf: (id: string) => number;
}

export function indexTree(nodes: readonly TreeNode[]): TreeIndex {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const roots: string[] = [];
  const children = new Map<string, string[]>();
  for (const node of nodes) {
    if (node.parent === null || !byId.has(node.parent)) {
      roots.push(node.id);
      continue;
    }
    const siblings = children.get(node.parent);
    if (siblings === undefined) children.set(node.parent, [node.id]);
    else siblings.push(node.id);
  }
  const depths = new Map<string, number>();
  const visit = (id: string, depth: number): void => {
    depths.set(id, depth);
    for (const child of children.get(id) ?? []) visit(child, depth + 1);
  };
  for (const root of roots) visit(root, 0);
  return { byId, roots, childrenOf: (id) => children.get(id) ?? [], depthOf: (id) => depths.get(id) ?? 0 };
}

/** Every node once, parents before children, siblings in order: the order of the list and of the arrow keys. */
export function depthFirst(index: TreeIndex, isOpen: (id: string) => boolean = () => true): readonly string[] {
  const order: string[] = [];
  const visit = (id: string): void => {
    order.push(id);
    if (isOpen(id)) index.childrenOf(id).forEach(visit);
  };
  index.roots.forEach(visit);
  return order;
}

/** The node and all above it. Empty when the node is not in the tree. */
export function pathTo(index: TreeIndex, id: string | null): readonly string[] {
  const path: string[] = [];
  let current = id === null ? undefined : index.byId.get(id);
  while (current !== undefined && !path.includes(current.id)) {
    path.unshift(current.id);
    current = current.parent === null ? undefined : index.byId.get(current.parent);
  }
  return path;
}
