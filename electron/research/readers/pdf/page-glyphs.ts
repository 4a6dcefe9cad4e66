import { parseColour, type Colour } from "../html/colours.js";
import type { HiddenReason } from "../extracted-document.js";
import { createFills } from "./fills.js";
import { apply, boxOf, holds, identity, matrixFrom, numbersFrom, overlap, times, type Box, type Matrix, type Point } from "./matrix.js";
import { operators } from "./operators.js";
import { outlinesOf } from "./path.js";

/** A painted character: where it begins and ends on its baseline, in points. */
export interface Glyph {
  readonly text: string;
  readonly start: Point;
  readonly end: Point;
  readonly size: number;
  readonly hidden: HiddenReason | null;
}

export interface FontFacts { readonly vertical: boolean; readonly unitsPerSize: number }

export interface PageContent {
  readonly operatorNumbers: readonly number[];
  readonly parameters: readonly unknown[];
  /** The visible box of the page in its own units: the crop box. */
  readonly view: Box;
  readonly fontOf: (name: string) => FontFacts;
  /** Is this layer (optional content) switched on? */
  readonly isLayerOn: (group: unknown) => boolean;
}

/** Half a millimetre: letters at the very edge are still seen in part. */
const edgePoints = 1.5;
const leastPoints = 4;
const mostGlyphs = 500_000;

interface State {
  matrix: Matrix; clip: Box; textMatrix: Matrix; fontSize: number; font: FontFacts; characterSpacing: number; wordSpacing: number; horizontalScale: number;
  rise: number; leading: number; mode: number; fill: Colour | null; stroke: Colour | null; fillAlpha: number; strokeAlpha: number; groupAlpha: number; plainBlend: boolean;
}

/**
 * Plays a page's operators as a printer would, PDF 32000-1 chapters 8 and 9, and judges of each character whether ink of it
 * would be seen. Pictures are not decoded: text painted over by one counts as seen, light text on a dark one as unseen.
 */
export function glyphsOf(content: PageContent): { glyphs: Glyph[]; truncated: boolean } {
  const fills = createFills();
  const painted: { text: string; start: Point; end: Point; middle: Point; size: number; order: number; colour: Colour | null; hidden: HiddenReason | null }[] = [];
  const page: Box = [content.view[0] - edgePoints, content.view[1] - edgePoints, content.view[2] + edgePoints, content.view[3] + edgePoints];
  const ink: Colour = { red: 0, green: 0, blue: 0, alpha: 1 };
  let state: State = {
    matrix: identity, clip: page, textMatrix: identity, fontSize: 0, font: { vertical: false, unitsPerSize: 0.001 }, characterSpacing: 0, wordSpacing: 0, horizontalScale: 1,
    rise: 0, leading: 0, mode: 0, fill: ink, stroke: ink, fillAlpha: 1, strokeAlpha: 1, groupAlpha: 1, plainBlend: true,
  };
  const saved: State[] = [];
  /** For each open marked content: is it, alone, switched on? */
  const marked: boolean[] = [];
  let clipNext = false;
  let [x, y, lineX, lineY] = [0, 0, 0, 0];

  const number = (parameters: readonly unknown[], index: number): number => { const value = Number(parameters[index]); return Number.isFinite(value) ? value : 0; };
  const moveText = (dx: number, dy: number): void => { x = lineX += dx; y = lineY += dy; };
  const save = (): void => { saved.push({ ...state }); };
  const restore = (): void => { state = saved.pop() ?? state; };
  const colourOf = (value: unknown): Colour | null => (typeof value === "string" ? parseColour(value) : null);

  const paint = (): { colour: Colour | null; invisible: boolean } => {
    const strokes = state.mode % 4 === 1 || state.mode % 4 === 2;
    const filling = state.mode % 4 === 0 || state.mode % 4 === 2;
    const base = filling ? state.fill : state.stroke;
    const alpha = (filling ? state.fillAlpha : state.strokeAlpha) * state.groupAlpha;
    return { colour: base === null ? null : { ...base, alpha: base.alpha * alpha }, invisible: !filling && !strokes };
  };

  const show = (items: unknown, order: number): void => {
    if (!Array.isArray(items)) return;
    const { colour, invisible } = paint();
    const { font, fontSize } = state;
    const whole = times(state.matrix, state.textMatrix);
    const height = Math.abs(fontSize) * Math.hypot(whole[2], whole[3]);
    const width = Math.abs(fontSize * state.horizontalScale) * Math.hypot(whole[0], whole[1]);
    const off = marked.includes(false);
    for (const item of items as unknown[]) {
      if (typeof item === "number") {
        if (font.vertical) y -= (item * fontSize) / 1000;
        else x -= ((item * fontSize) / 1000) * state.horizontalScale;
        continue;
      }
      if (typeof item !== "object" || item === null) continue;
      const glyph = item as { unicode?: unknown; width?: unknown; isSpace?: unknown; vmetric?: unknown };
      const text = typeof glyph.unicode === "string" ? glyph.unicode : "";
      const spacing = state.characterSpacing + (glyph.isSpace === true ? state.wordSpacing : 0);
      const [vertical] = numbersFrom(glyph.vmetric);
      const glyphWidth = Number(font.vertical ? (vertical === undefined ? 1000 : -vertical) : glyph.width) || 0;
      const advance = glyphWidth * font.unitsPerSize * fontSize + spacing;
      const [fromX, fromY] = [x, y + state.rise];
      if (font.vertical) y -= advance;
      else x += advance * state.horizontalScale;
      if (painted.length >= mostGlyphs) continue;
      const start = apply(whole, fromX, fromY);
      const end = apply(whole, x, y + state.rise);
      const middle = apply(whole, (fromX + x) / 2, (fromY + y + state.rise) / 2 + 0.3 * fontSize);
      const hidden: HiddenReason | null = off ? "switched-off"
        : invisible ? "invisible"
        : height < leastPoints || width < leastPoints / 2 ? "tiny"
        : !holds(page, middle) ? "off-page"
        : !holds(state.clip, middle) ? "off-page" : null;
      painted.push({ text, start, end, middle, size: height, order, colour, hidden });
    }
  };

  const path = (parameters: readonly unknown[], order: number): void => {
    const [kind, data] = parameters;
    const packed = Array.isArray(data) ? (data as unknown[])[0] : null;
    const outlines = packed instanceof Float32Array || Array.isArray(packed) ? outlinesOf(packed as ArrayLike<number>, state.matrix) : [];
    const fillKinds: readonly unknown[] = [operators.fill, operators.eoFill, operators.fillStroke, operators.eoFillStroke, operators.closeFillStroke, operators.closeEOFillStroke];
    const evenOddKinds: readonly unknown[] = [operators.eoFill, operators.eoFillStroke, operators.closeEOFillStroke];
    if (fillKinds.includes(kind) && outlines.length > 0 && !marked.includes(false) && state.plainBlend) {
      const colour = state.fill === null ? null : { ...state.fill, alpha: state.fill.alpha * state.fillAlpha * state.groupAlpha };
      fills.add({ order, outlines, evenOdd: evenOddKinds.includes(kind), colour }, state.clip);
    }
    if (clipNext) state.clip = overlap(state.clip, boxOf(outlines.flat()));
    clipNext = false;
  };

  const graphicsState = (entries: unknown): void => {
    if (!Array.isArray(entries)) return;
    for (const entry of entries as unknown[]) {
      if (!Array.isArray(entry)) continue;
      const [key, value] = entry as unknown[];
      if (key === "ca") state.fillAlpha = Number(value);
      if (key === "CA") state.strokeAlpha = Number(value);
      if (key === "BM") state.plainBlend = value === "source-over" || value === "Normal";
      if (key === "Font" && Array.isArray(value)) setFont(value as unknown[]);
    }
  };
  const setFont = (parameters: readonly unknown[]): void => {
    state.font = content.fontOf(String(parameters[0]));
    state.fontSize = number(parameters, 1);
  };
  const enterForm = (parameters: readonly unknown[]): void => {
    save();
    const matrix = matrixFrom(parameters[0]);
    if (matrix !== null) state.matrix = times(state.matrix, matrix);
    const [left, bottom, right, top] = numbersFrom(parameters[1]);
    if (left === undefined || bottom === undefined || right === undefined || top === undefined) return;
    state.clip = overlap(state.clip, boxOf([apply(state.matrix, left, bottom), apply(state.matrix, right, bottom), apply(state.matrix, right, top), apply(state.matrix, left, top)]));
  };

  for (const [order, operator] of content.operatorNumbers.entries()) {
    const raw = content.parameters[order];
    const parameters: readonly unknown[] = Array.isArray(raw) ? raw : raw instanceof Float32Array ? Array.from(raw) : [];
    switch (operator) {
      case operators.save: save(); break;
      case operators.restore: restore(); break;
      case operators.transform: { const matrix = matrixFrom(parameters); if (matrix !== null) state.matrix = times(state.matrix, matrix); break; }
      case operators.setGState: graphicsState(parameters[0]); break;
      case operators.constructPath: path(parameters, order); break;
      case operators.clip: case operators.eoClip: clipNext = true; break;
      case operators.beginText: state.textMatrix = identity; [x, y, lineX, lineY] = [0, 0, 0, 0]; break;
      case operators.setCharSpacing: state.characterSpacing = number(parameters, 0); break;
      case operators.setWordSpacing: state.wordSpacing = number(parameters, 0); break;
      case operators.setHScale: state.horizontalScale = number(parameters, 0) / 100; break;
      case operators.setLeading: state.leading = -number(parameters, 0); break;
      case operators.setFont: setFont(parameters); break;
      case operators.setTextRenderingMode: state.mode = number(parameters, 0); break;
      case operators.setTextRise: state.rise = number(parameters, 0); break;
      case operators.moveText: moveText(number(parameters, 0), number(parameters, 1)); break;
      case operators.setLeadingMoveText: state.leading = number(parameters, 1); moveText(number(parameters, 0), number(parameters, 1)); break;
      case operators.setTextMatrix: state.textMatrix = matrixFrom(parameters[0]) ?? matrixFrom(parameters) ?? identity; [x, y, lineX, lineY] = [0, 0, 0, 0]; break;
      case operators.nextLine: moveText(0, state.leading); break;
      case operators.showText: case operators.showSpacedText: show(parameters[0], order); break;
      case operators.nextLineShowText: moveText(0, state.leading); show(parameters[0], order); break;
      case operators.nextLineSetSpacingShowText:
        state.wordSpacing = number(parameters, 0);
        state.characterSpacing = number(parameters, 1);
        moveText(0, state.leading);
        show(parameters[2], order);
        break;
      case operators.setFillRGBColor: state.fill = colourOf(parameters[0]); break;
      case operators.setStrokeRGBColor: state.stroke = colourOf(parameters[0]); break;
      case operators.setFillColorN: state.fill = null; break;
      case operators.setStrokeColorN: state.stroke = null; break;
      case operators.setFillTransparent: state.fill = { ...ink, alpha: 0 }; break;
      case operators.setStrokeTransparent: state.stroke = { ...ink, alpha: 0 }; break;
      case operators.paintFormXObjectBegin: enterForm(parameters); break;
      case operators.paintFormXObjectEnd: restore(); break;
      case operators.beginGroup: save(); state.groupAlpha *= state.fillAlpha; state.fillAlpha = 1; state.strokeAlpha = 1; break;
      case operators.endGroup: restore(); break;
      case operators.beginMarkedContent: marked.push(true); break;
      case operators.beginMarkedContentProps: marked.push(parameters[0] !== "OC" || content.isLayerOn(parameters[1])); break;
      case operators.endMarkedContent: marked.pop(); break;
      default: break;
    }
  }

  const glyphs = painted.map(({ text, start, end, middle, size, order, colour, hidden }) => ({ text, start, end, size, hidden: hidden ?? (text.trim() === "" ? null : fills.hides(middle, order, colour)) }));
  return { glyphs, truncated: painted.length >= mostGlyphs };
}
