import { moves, type Axis, type MoveId } from "../../contract/index.js";

const window = 8;
const mostInARow = 3;
/** Below this many moves a share says nothing. */
const fewestForShare = 4;

/**
 * The menu without axes that had their turn: at most three of an axis in a row (autoresearch #110) and at most half of the
 * last eight moves (ARTS), so that the search does not spend its budget on one knob. When that leaves nothing, the moves
 * of the least used axes stay.
 * @param recentAxes axes of the experiments so far, oldest first
 */
export function quotaMenu(menu: readonly MoveId[], recentAxes: readonly Axis[]): MoveId[] {
  const latest = recentAxes.slice(-window);
  const count = (axis: Axis): number => latest.filter((each) => each === axis).length;
  const inARow = latest.slice(-mostInARow);
  const spent = (axis: Axis): boolean =>
    (inARow.length === mostInARow && inARow.every((each) => each === axis)) || (latest.length >= fewestForShare && count(axis) + 1 > (Math.min(window, latest.length + 1)) / 2);
  const allowed = menu.filter((move) => !spent(moves[move].axis));
  if (allowed.length > 0) return allowed;
  const fewest = Math.min(...menu.map((move) => count(moves[move].axis)));
  return menu.filter((move) => count(moves[move].axis) === fewest);
}
