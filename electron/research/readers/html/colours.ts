export interface Colour { readonly red: number; readonly green: number; readonly blue: number; readonly alpha: number }

export const black: Colour = { red: 0, green: 0, blue: 0, alpha: 1 };
export const white: Colour = { red: 255, green: 255, blue: 255, alpha: 1 };

/**
 * Under this difference in every channel (of 255) text melts into its background: white on #e1e1e1 has a contrast ratio of
 * 1.3, where WCAG asks for 4.5.
 */
const leastDifference = 32;

/** `text` seen on `background`: too alike to be read. */
export function melts(text: Colour, background: Colour): boolean {
  const seen = over(text, background);
  return Math.max(Math.abs(seen.red - background.red), Math.abs(seen.green - background.green), Math.abs(seen.blue - background.blue)) < leastDifference;
}

export function over(top: Colour, bottom: Colour): Colour {
  const mix = (first: number, second: number): number => first * top.alpha + second * (1 - top.alpha);
  return { red: mix(top.red, bottom.red), green: mix(top.green, bottom.green), blue: mix(top.blue, bottom.blue), alpha: 1 };
}

/** The names of CSS that people write; an unknown one is no colour. */
const named: Readonly<Record<string, string>> = {
  black: "#000000", white: "#ffffff", red: "#ff0000", green: "#008000", blue: "#0000ff", yellow: "#ffff00", gray: "#808080", grey: "#808080", silver: "#c0c0c0",
  lightgray: "#d3d3d3", lightgrey: "#d3d3d3", darkgray: "#a9a9a9", darkgrey: "#a9a9a9", dimgray: "#696969", gainsboro: "#dcdcdc", whitesmoke: "#f5f5f5", snow: "#fffafa",
  ivory: "#fffff0", ghostwhite: "#f8f8ff", floralwhite: "#fffaf0", seashell: "#fff5ee", mintcream: "#f5fffa", azure: "#f0ffff", aliceblue: "#f0f8ff", honeydew: "#f0fff0",
  beige: "#f5f5dc", linen: "#faf0e6", oldlace: "#fdf5e6", navy: "#000080", maroon: "#800000", olive: "#808000", purple: "#800080", teal: "#008080", orange: "#ffa500",
  pink: "#ffc0cb", brown: "#a52a2a", cyan: "#00ffff", aqua: "#00ffff", magenta: "#ff00ff", fuchsia: "#ff00ff", lime: "#00ff00", gold: "#ffd700", darkblue: "#00008b",
  darkgreen: "#006400", darkred: "#8b0000", lightblue: "#add8e6", lightyellow: "#ffffe0", lavender: "#e6e6fa", cornsilk: "#fff8dc", lightcyan: "#e0ffff",
};

/** A CSS colour; "transparent" has alpha 0; null for what is not understood. */
export function parseColour(text: string): Colour | null {
  const value = text.trim().toLowerCase();
  if (value === "transparent") return { ...white, alpha: 0 };
  const hex = /^#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/u.exec(named[value] ?? value)?.[1];
  if (hex !== undefined) {
    const digits = hex.length <= 4 ? Array.from(hex, (digit) => digit + digit).join("") : hex;
    const channel = (index: number): number => Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16);
    return { red: channel(0), green: channel(1), blue: channel(2), alpha: digits.length === 8 ? channel(3) / 255 : 1 };
  }
  const call = /^(rgb|hsl)a?\(([^()]{1,80})\)$/u.exec(value);
  if (call === null) return null;
  const parts = (call[2] ?? "").split(/[\s,/]+/u).filter((part) => part !== "");
  const numbers = parts.map((part) => Number.parseFloat(part));
  const [first, second, third, fourth] = numbers;
  if (first === undefined || second === undefined || third === undefined || numbers.some(Number.isNaN)) return null;
  const alpha = fourth === undefined ? 1 : Math.min(1, Math.max(0, parts[3]?.endsWith("%") === true ? fourth / 100 : fourth));
  if (call[1] === "hsl") return { ...fromHsl(first, second / 100, third / 100), alpha };
  const channel = (index: number, number: number): number => Math.min(255, Math.max(0, parts[index]?.endsWith("%") === true ? number * 2.55 : number));
  return { red: channel(0, first), green: channel(1, second), blue: channel(2, third), alpha };
}

/** CSS Color 4, section 7.1. */
function fromHsl(hue: number, saturation: number, lightness: number): { red: number; green: number; blue: number } {
  const channel = (offset: number): number => {
    const turn = (((offset + hue / 30) % 12) + 12) % 12;
    return 255 * (lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(turn - 3, 9 - turn, 1)));
  };
  return { red: channel(0), green: channel(8), blue: channel(4) };
}
