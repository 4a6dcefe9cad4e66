import { melts, over, white, type Colour } from "../html/colours.js";
import type { HiddenReason } from "../extracted-document.js";
import { boxOf, holds, overlap, type Box, type Point } from "./matrix.js";

/** An area painted with one colour, at its place in the order of painting. */
export interface Fill {
  readonly order: number;
  readonly outlines: readonly (readonly Point[])[];
  readonly box: Box;
  readonly evenOdd: boolean;
  /** null: a pattern or a gradient. */
  readonly colour: Colour | null;
}

/** Too small to lie behind or over a letter (4 points squared). */
const leastArea = 16;
/** A drawing with more areas is a map or a plot; its later areas are not looked at, time is bounded. */
const mostFills = 20_000;
const opaque = 0.9;

export interface Fills {
  add(fill: Omit<Fill, "box">, clip: Box): void;
  /** What hides a glyph painted at `order` around `point`; null when nothing does. */
  hides(point: Point, order: number, colour: Colour | null): HiddenReason | null;
}

export function createFills(): Fills {
  const fills: Fill[] = [];
  return {
    add(fill, clip) {
      const box = overlap(boxOf(fill.outlines.flat()), clip);
      if (fills.length < mostFills && box[2] > box[0] && box[3] > box[1] && (box[2] - box[0]) * (box[3] - box[1]) >= leastArea) fills.push({ ...fill, box });
    },
    hides(point, order, colour) {
      let background = white;
      for (const fill of fills) {
        if (!holds(fill.box, point) || !contains(fill, point)) continue;
        if (fill.order > order) {
          if (fill.colour !== null && fill.colour.alpha >= opaque) return "covered";
        } else if (fill.colour !== null) background = over(fill.colour, background);
      }
      // Letters painted with a pattern: nobody can say what they look like, and honest text is not painted so.
      return colour === null || melts(colour, background) ? "same-colour" : null;
    },
  };
}

/** Ray to the right; winding number or parity as PDF 32000-1, 8.5.3.3 has it. */
function contains(fill: Fill, [x, y]: Point): boolean {
  let winding = 0;
  let crossings = 0;
  for (const outline of fill.outlines) {
    for (let index = 0, previous = outline.at(-1); index < outline.length; index += 1) {
      const current = outline[index];
      if (current === undefined || previous === undefined) continue;
      const upward = previous[1] <= y && current[1] > y;
      if (upward || (previous[1] > y && current[1] <= y)) {
        const crossing = previous[0] + ((y - previous[1]) / (current[1] - previous[1])) * (current[0] - previous[0]);
        if (crossing > x) { winding += upward ? 1 : -1; crossings += 1; }
      }
      previous = current;
    }
  }
  return fill.evenOdd ? crossings % 2 === 1 : winding !== 0;
}
