import type { RunView, TreeNode } from "../../contract/index.js";
import { formatDuration, formatScore } from "./format.js";
import { plain } from "./output.js";

const marks: Readonly<Record<TreeNode["status"], string>> = { planned: "·", running: "▸", done: "●", pruned: "◌", failed: "✕", cancelled: "○" };

/** The tree as text, one node a line: mark, id, title, score with interval, verdict, cost. */
export function drawTree(view: RunView): string {
  const children = new Map<string | null, TreeNode[]>();
  const ids = new Set(view.nodes.map((node) => node.id));
  for (const node of view.nodes) {
    // A parent that is not in the view would hide its children; they are drawn as roots.
    const parent = node.parent !== null && ids.has(node.parent) ? node.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), node]);
  }
  const rows: { readonly left: string; readonly node: TreeNode }[] = [];
  const visit = (node: TreeNode, indent: string, branch: string, below: string): void => {
    rows.push({ left: `${indent}${branch}${marks[node.status]} ${node.id}  ${plain(node.plan.title)}`, node });
    const own = children.get(node.id) ?? [];
    own.forEach((child, index) => {
      const last = index === own.length - 1;
      visit(child, indent + below, last ? "└─ " : "├─ ", last ? "   " : "│  ");
    });
  };
  for (const root of children.get(null) ?? []) visit(root, "", "", "");
  const width = Math.min(72, Math.max(0, ...rows.map((row) => row.left.length)));
  return rows.map(({ left, node }) => `${left.padEnd(width)}  ${describe(node, view)}`.trimEnd()).join("\n");
}

function describe(node: TreeNode, view: RunView): string {
  const estimate = node.score ?? node.pilot;
  const score = estimate === null ? "no score".padEnd(20) : formatScore(estimate) + (node.score === null ? " (pilot)" : "");
  const verdict = node.verdict ?? node.status;
  const best = node.id === view.bestNodeId ? "  ← best" : "";
  const failure = node.failure === null ? "" : `  ${node.failure.class}: ${plain(node.failure.message).slice(0, 60)}`;
  return `${score}  ${verdict.padEnd(20)} ${formatDuration(node.cost.totalSeconds).padStart(8)}${best}${failure}`;
}
