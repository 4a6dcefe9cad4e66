import type { TreeNode } from "../../contract.js";

/** Experiments that run now and would be ended by pruning this node: itself, or any below it. */
export function endsRunning(nodes: readonly TreeNode[], nodeId: string): readonly TreeNode[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const isAtOrBelow = (node: TreeNode): boolean => {
    const seen = new Set<string>();
    let current: TreeNode | undefined = node;
    while (current !== undefined && !seen.has(current.id)) {
      if (current.id === nodeId) return true;
      seen.add(current.id);
      current = current.parent === null ? undefined : byId.get(current.parent);
    }
    return false;
  };
  return nodes.filter((node) => node.status === "running" && isAtOrBelow(node));
}
