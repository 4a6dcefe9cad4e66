import type { HiddenReason } from "../extracted-document.js";
import { black, melts, over, parseColour, white, type Colour } from "./colours.js";
import { parseDeclarations, type RuleIndex, type Styled } from "./style-rules.js";

/** What an element hands down to its text and its children. */
export interface Look {
  readonly colour: Colour;
  /** What lies behind: opaque. */
  readonly background: Colour;
  readonly fontPixels: number;
  /** A child can turn this off again; `gone` it cannot. */
  readonly invisible: boolean;
  readonly gone: HiddenReason | null;
}

export const rootLook: Look = { colour: black, background: white, fontPixels: 16, invisible: false, gone: null };

/** 4 points at CSS's 96 pixels an inch. */
const leastPixels = (4 * 96) / 72;
const leastOpacity = 0.1;
const farPixels = 500;
const fontSizes: Readonly<Record<string, number>> = { "xx-small": 9, "x-small": 10, small: 13, medium: 16, large: 18, "x-large": 24, "xx-large": 32 };
const fontElementSizes = [10, 10, 13, 16, 18, 24, 32, 48];

/** Why text with this look is not seen; null when it is. */
export function reasonOf(look: Look): HiddenReason | null {
  if (look.gone !== null) return look.gone;
  if (look.invisible) return "switched-off";
  if (look.fontPixels < leastPixels) return "tiny";
  return melts(look.colour, look.background) ? "same-colour" : null;
}

/** The cascade in small: the page's rules by specificity, then the element's own style, important ones last. */
export function lookOf(element: Styled, parent: Look, rules: RuleIndex): Look {
  const style = cascade(element, rules);
  const value = (name: string): string => style.get(name) ?? "";
  const attribute = (name: string): string => element.attributes.get(name) ?? "";

  const backdrop = backgroundOf(value("background-color"), value("background")) ?? parseColour(attribute("bgcolor"));
  const own = parseColour(value("color")) ?? (element.tag === "font" ? parseColour(attribute("color")) : null);
  const visibility = value("visibility");
  return {
    colour: own ?? parent.colour,
    background: backdrop === null ? parent.background : over(backdrop, parent.background),
    fontPixels: fontPixelsOf(element, value("font-size"), value("font"), parent.fontPixels),
    invisible: visibility === "" || visibility === "inherit" ? parent.invisible : visibility !== "visible",
    gone: parent.gone ?? goneBy(element, value),
  };
}

function cascade(element: Styled, rules: RuleIndex): Map<string, string> {
  const layers = rules.matching(element).map(({ declarations }) => declarations);
  const inline = element.attributes.get("style");
  if (inline !== undefined) layers.push(parseDeclarations(inline));
  const style = new Map<string, string>();
  for (const important of [false, true]) for (const layer of layers) for (const [name, declared] of layer) if (declared.important === important) style.set(name, declared.value);
  return style;
}

function goneBy(element: Styled, value: (name: string) => string): HiddenReason | null {
  const off = "switched-off";
  if (element.attributes.get("aria-hidden") === "true" || element.attributes.has("hidden") || element.attributes.has("inert")) return off;
  if (value("display") === "none" || value("content-visibility") === "hidden") return off;
  const opacity = value("opacity");
  if (opacity !== "" && Number.parseFloat(opacity) < (opacity.endsWith("%") ? leastOpacity * 100 : leastOpacity)) return off;
  const filtered = /opacity\(\s*([\d.]+)(%?)/u.exec(value("filter"));
  if (filtered !== null && Number.parseFloat(filtered[1] ?? "1") / (filtered[2] === "%" ? 100 : 1) < leastOpacity) return off;

  const position = value("position");
  const away = (text: string): boolean => { const pixels = pixelsOf(text, 16, 1000); return pixels !== null && pixels <= -farPixels; };
  const farOut = (text: string): boolean => { const pixels = pixelsOf(text, 16, 1000); return pixels !== null && Math.abs(pixels) >= 3000; };
  if (["absolute", "fixed", "relative", "sticky"].includes(position)) {
    if (["left", "top", "right", "bottom", "inset", "inset-inline-start", "inset-block-start"].some((name) => away(value(name))) || ["left", "top"].some((name) => farOut(value(name)))) return "off-page";
  }
  if (away(value("text-indent")) || ["margin-left", "margin-top", "margin-inline-start"].some((name) => away(value(name)))) return "off-page";
  if (/translate[xy3d]*\([^)]*-\s*(?:\d{4,}(?:\.\d+)?px|[1-9]\d{2,}(?:vw|vh|%|em|rem))/u.test(`${value("transform")} translate(${value("translate")})`)) return "off-page";
  if (/scale[xy3d]*\(\s*0(?:\.0\d*)?\s*[,)]/u.test(value("transform")) || value("scale") === "0") return off;
  if (/rect\(\s*(?:0|1)(?:px)?[\s,]+(?:0|1)(?:px)?[\s,]+(?:0|1)(?:px)?[\s,]+(?:0|1)(?:px)?\s*\)/u.test(value("clip"))) return off;
  if (/inset\(\s*(?:[5-9]\d|100)%|circle\(\s*0|polygon\(\s*0(?:px|%)?\s+0(?:px|%)?\s*\)/u.test(`${value("clip-path")} ${value("-webkit-clip-path")}`)) return off;

  const clipped = /hidden|clip/u.test(`${value("overflow")} ${value("overflow-x")} ${value("overflow-y")}`);
  const small = (name: string): boolean => { const pixels = pixelsOf(value(name), 16, 1000); return pixels !== null && pixels <= 2; };
  if (clipped && ["width", "height", "max-width", "max-height"].some(small)) return off;
  return null;
}

function backgroundOf(colour: string, shorthand: string): Colour | null {
  const direct = parseColour(colour);
  if (direct !== null) return direct;
  for (const part of shorthand.match(/(?:rgb|hsl)a?\([^)]*\)|[^\s,]+/gu) ?? []) {
    const found = parseColour(part);
    if (found !== null) return found;
  }
  return null;
}

function fontPixelsOf(element: Styled, size: string, shorthand: string, parentPixels: number): number {
  const written = size !== "" ? size : /(?:^|\s)([\d.]+(?:px|pt|em|rem|%))(?:\/|\s)/u.exec(shorthand)?.[1] ?? "";
  if (written !== "") {
    const named = fontSizes[written];
    if (named !== undefined) return named;
    if (written === "smaller") return parentPixels / 1.2;
    if (written === "larger") return parentPixels * 1.2;
    return pixelsOf(written, parentPixels, parentPixels) ?? parentPixels;
  }
  if (element.tag === "font") return fontElementSizes[Number.parseInt(element.attributes.get("size") ?? "", 10)] ?? parentPixels;
  if (element.tag === "small") return parentPixels / 1.2;
  if (element.tag === "sub" || element.tag === "sup") return Math.max(parentPixels / 1.2, Math.min(parentPixels, leastPixels));
  return parentPixels;
}

const unitPixels: Readonly<Record<string, number>> = { "": 1, px: 1, pt: 96 / 72, pc: 16, in: 96, cm: 96 / 2.54, mm: 9.6 / 2.54, rem: 16, vw: 10, vh: 10, ch: 8, ex: 8 };

/** null: not a length. `em` and percent count against what is given. */
function pixelsOf(text: string, emPixels: number, wholePixels: number): number | null {
  const match = /^(?:calc\()?\s*([+-]?(?:\d+\.?\d*|\.\d+))(px|pt|pc|in|cm|mm|rem|em|vw|vh|ch|ex|%)?/u.exec(text.trim());
  if (match === null) return null;
  const number = Number.parseFloat(match[1] ?? "");
  const unit = match[2] ?? "";
  if (unit === "em") return number * emPixels;
  if (unit === "%") return (number / 100) * wholePixels;
  return number * (unitPixels[unit] ?? 1);
}
