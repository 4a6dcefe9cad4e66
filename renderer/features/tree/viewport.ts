import { cardSize, type Placed, type TreeLayout } from "./layout.js";

export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}
export interface Size {
  readonly width: number;
  readonly height: number;
}

export const leastZoom = 0.15;
/** Below this the cards' text cannot be read; a larger tree is then shown around one card instead of whole. */
const leastReadableZoom = 0.72;
const padding = 20;

/** The whole tree if it can be read, or whenever `whole` asks for it; else as much as can be read around `center`. */
export function fitViewport(layout: TreeLayout, center: Placed | undefined, view: Size, whole: boolean): Viewport {
  const fitting = Math.min(1, (view.width - 2 * padding) / layout.width, (view.height - 2 * padding) / layout.height);
  const zoom = Math.max(whole ? leastZoom : leastReadableZoom, fitting);
  const along = (length: number, space: number, target: number): number => {
    if (length * zoom + 2 * padding <= space) return (space - length * zoom) / 2;
    return Math.min(padding, Math.max(space - padding - length * zoom, space / 2 - target * zoom));
  };
  return {
    x: along(layout.width, view.width, center === undefined ? layout.width / 2 : center.x + cardSize.width / 2),
    y: along(layout.height, view.height, center === undefined ? layout.height / 2 : center.y + cardSize.height / 2),
    zoom,
  };
}

/** The same view, moved just far enough that the card is in sight. */
export function revealViewport(place: Placed, viewport: Viewport, view: Size): Viewport {
  const shift = (start: number, length: number, space: number): number => {
    if (start < padding) return padding - start;
    return start + length > space - padding ? space - padding - (start + length) : 0;
  };
  const { x, y, zoom } = viewport;
  return {
    x: x + shift(place.x * zoom + x, cardSize.width * zoom, view.width),
    y: y + shift(place.y * zoom + y, cardSize.height * zoom, view.height),
    zoom,
  };
}
