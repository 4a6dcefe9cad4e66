import { broughtGain, isFinished, type SearchNode } from "./search-node.js";

/**
 * Did the search turn back? True when the node that ended last brought no gain and the new parent is neither that node nor
 * below it. `nodes` is the history before the new node, oldest first.
 */
export function isBacktrack(nodes: readonly SearchNode[], parentId: string, minimumGain = 0): boolean {
  const last = nodes.filter((node) => isFinished(node) && node.kind !== "baseline" && node.kind !== "seed-repeat").at(-1);
  if (last === undefined || broughtGain(last, nodes, minimumGain)) return false;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (let at = byId.get(parentId); at !== undefined; at = at.parent === null ? undefined : byId.get(at.parent)) {
    if (at.id === last.id) return false;
  }
  return true;
}
