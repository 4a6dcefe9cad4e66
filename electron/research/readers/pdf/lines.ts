import type { Glyph } from "./page-glyphs.js";

export interface TextLine {
  readonly text: string;
  readonly size: number;
  /** Runs from left to right. */
  readonly level: boolean;
}

/**
 * Seen characters as lines, in the order in which they were painted. All distances in shares of the letters' size: a gap
 * of 0.15 is a blank (TeX's blanks are 0.25 to 0.33, kerning stays under 0.1).
 */
const blankGap = 0.15;
const sameLine = 0.6;
const raisedFrom = 0.18;
const backwards = -1.5;
const paragraphGap = 1.9;

export function linesOf(glyphs: readonly Glyph[]): TextLine[] {
  const lines: TextLine[] = [];
  let text = "";
  let size = 0;
  let level = true;
  let last: Glyph | null = null;
  const finish = (): void => {
    if (text.trim() !== "") lines.push({ text: text.trim(), size, level });
    text = "";
    size = 0;
  };

  for (const glyph of glyphs) {
    if (last === null) { text = glyph.text; size = glyph.size; level = isLevel(glyph) ?? true; last = glyph; continue; }
    const em = Math.max(glyph.size, last.size);
    const [ux, uy] = directionOf(last) ?? directionOf(glyph) ?? [1, 0];
    const [dx, dy] = [glyph.start[0] - last.end[0], glyph.start[1] - last.end[1]];
    const along = (dx * ux + dy * uy) / em;
    const across = (dy * ux - dx * uy) / em;
    const [vx, vy] = directionOf(glyph) ?? [ux, uy];
    const turned = ux * vx + uy * vy < 0.9;
    // The same letter again, a hair aside: bold type made of two prints.
    if (glyph.text === last.text && Math.hypot(glyph.start[0] - last.start[0], glyph.start[1] - last.start[1]) < 0.08 * em) continue;
    if (turned || Math.abs(across) > sameLine || along < backwards) {
      finish();
      if (turned || Math.abs(across) > paragraphGap) lines.push({ text: "", size: 0, level: true });
      level = isLevel(glyph) ?? true;
    } else if (across > raisedFrom && glyph.size < 0.85 * last.size && /\d$/u.test(text) && /^[-+−–\d]/u.test(glyph.text)) {
      text += "^";
    } else if (along > blankGap && !/\s$/u.test(text) && !/^\s/u.test(glyph.text)) {
      text += " ";
    }
    text += glyph.text;
    if (glyph.text.trim() !== "") size = Math.max(size, glyph.size);
    last = glyph;
  }
  finish();
  return lines;
}

/** Lines as text: a word that was cut at a line's end is made whole again, numbers are left alone. */
export function joinLines(lines: readonly TextLine[]): string {
  return lines.map(({ text }) => text).join("\n").replace(/(\p{Ll})-\n(?=\p{Ll})/gu, "$1");
}

function directionOf(glyph: Glyph): readonly [number, number] | null {
  const [dx, dy] = [glyph.end[0] - glyph.start[0], glyph.end[1] - glyph.start[1]];
  const length = Math.hypot(dx, dy);
  return length < 1e-6 ? null : [dx / length, dy / length];
}

function isLevel(glyph: Glyph): boolean | null {
  const direction = directionOf(glyph);
  return direction === null ? null : direction[0] > 0.99;
}
