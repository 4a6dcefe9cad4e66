import { depthFirst, type TreeIndex } from "./tree-index.js";

/**
 * Where an arrow key leads in the drawn tree, which grows to the right: left to the parent, right to the first child,
 * up and down to the neighbour in the same column (and past the family's edge). null: the key means nothing here.
 */
export function neighbourOf(index: TreeIndex, id: string, key: string): string | null {
  const order = depthFirst(index);
  switch (key) {
    case "ArrowLeft":
      return index.byId.get(id)?.parent ?? null;
    case "ArrowRight":
      return index.childrenOf(id)[0] ?? null;
    case "ArrowUp":
    case "ArrowDown": {
      const column = order.filter((other) => index.depthOf(other) === index.depthOf(id));
      return column[column.indexOf(id) + (key === "ArrowUp" ? -1 : 1)] ?? null;
    }
    case "Home":
      return order[0] ?? null;
    case "End":
      return order.at(-1) ?? null;
    default:
      return null;
  }
}

export type GridMove = { readonly type: "focus"; readonly id: string } | { readonly type: "open" | "close"; readonly id: string };

/** The keys of an ARIA treegrid whose rows take the focus. */
export function gridMove(index: TreeIndex, isOpen: (id: string) => boolean, id: string, key: string): GridMove | null {
  const rows = depthFirst(index, isOpen);
  const at = rows.indexOf(id);
  const focus = (target: string | undefined): GridMove | null => (target === undefined ? null : { type: "focus", id: target });
  const hasChildren = index.childrenOf(id).length > 0;
  switch (key) {
    case "ArrowDown":
      return focus(rows[at + 1]);
    case "ArrowUp":
      return focus(rows[at - 1]);
    case "Home":
      return focus(rows[0]);
    case "End":
      return focus(rows.at(-1));
    case "ArrowRight":
      return hasChildren && !isOpen(id) ? { type: "open", id } : focus(index.childrenOf(id)[0]);
    case "ArrowLeft":
      return hasChildren && isOpen(id) ? { type: "close", id } : focus(index.byId.get(id)?.parent ?? undefined);
    default:
      return null;
  }
}
