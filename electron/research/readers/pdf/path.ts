import { apply, type Matrix, type Point } from "./matrix.js";
import { pathSteps } from "./operators.js";

/** Enough for "does this letter lie on it": a curve becomes this many straight pieces. */
const piecesOfCurve = 6;
const mostPoints = 50_000;

/** pdf.js's packed path (a step's number, then its coordinates) as closed outlines on the page. */
export function outlinesOf(packed: ArrayLike<number>, matrix: Matrix): Point[][] {
  const outlines: Point[][] = [];
  let outline: Point[] = [];
  let [x, y] = [0, 0];
  let points = 0;
  const go = (toX: number, toY: number): void => { [x, y] = [toX, toY]; outline.push(apply(matrix, x, y)); points += 1; };
  for (let at = 0; at < packed.length && points < mostPoints; ) {
    const value = (offset: number): number => packed[at + offset] ?? Number.NaN;
    switch (value(0)) {
      case pathSteps.moveTo:
        if (outline.length > 2) outlines.push(outline);
        outline = [];
        go(value(1), value(2));
        at += 3;
        break;
      case pathSteps.lineTo:
        go(value(1), value(2));
        at += 3;
        break;
      case pathSteps.curveTo: {
        const [x0, y0, x1, y1, x2, y2, x3, y3] = [x, y, value(1), value(2), value(3), value(4), value(5), value(6)];
        for (let piece = 1; piece <= piecesOfCurve; piece += 1) {
          const t = piece / piecesOfCurve;
          const s = 1 - t;
          go(s ** 3 * x0 + 3 * s * s * t * x1 + 3 * s * t * t * x2 + t ** 3 * x3, s ** 3 * y0 + 3 * s * s * t * y1 + 3 * s * t * t * y2 + t ** 3 * y3);
        }
        at += 7;
        break;
      }
      case pathSteps.quadraticCurveTo:
        go(value(3), value(4));
        at += 5;
        break;
      case pathSteps.closePath:
        at += 1;
        break;
      default:
        return outlines;
    }
  }
  if (outline.length > 2) outlines.push(outline);
  return outlines;
}
