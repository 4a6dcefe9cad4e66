/**
 * What a person sees of a text: without control, zero-width, direction and tag characters, which hide orders from people
 * but not from models. `removed` counts those. What ordinary programs write (soft hyphens, an emoji's variation selector,
 * a byte order mark, a font's private symbols) is taken out without counting.
 */
export function visibleCharacters(text: string): { text: string; removed: number } {
  let removed = 0;
  const clean = raiseExponents(text)
    .normalize("NFKC")
    .replace(/\r\n?|[\p{Zl}\p{Zp}\f\v]/gu, "\n")
    .replace(blankLetters, (run) => { removed += Array.from(run).length; return " "; })
    .replace(unseen, (run) => { removed += Array.from(run).length; return ""; })
    .replace(innocent, "");
  return { text: clean, removed };
}

const innocent = /[\u00AD\uFEFF\p{Variation_Selector}\p{Co}\p{Cn}\p{Cs}]/gu;
/** Letters by name that draw nothing: Hangul fillers and the blank Braille pattern. */
const blankLetters = /[\u115F\u1160\u3164\uFFA0\u2800]+/gu;
/** Control and format characters but line break and tabulator; and the selectors in plane 14, which can carry any byte unseen. */
const unseen = /(?:(?![\n\t\u00AD\uFEFF])[\p{Cc}\p{Cf}]|[\u{E0100}-\u{E01EF}\u034F\u17B4\u17B5])+/gu;

const raised: Readonly<Record<string, string>> = { "⁰": "0", "¹": "1", "²": "2", "³": "3", "⁴": "4", "⁵": "5", "⁶": "6", "⁷": "7", "⁸": "8", "⁹": "9", "⁻": "-", "⁺": "+" };

/** NFKC would turn 10⁻⁴ into 10-4; as 10^-4 it stays a number. */
function raiseExponents(text: string): string {
  return text.replace(/(?<=\d)[⁻⁺]?[⁰¹²³⁴-⁹]+/gu, (run) => `^${Array.from(run, (sign) => raised[sign] ?? sign).join("")}`);
}

/** One line, bounded, without angle brackets (nothing in it can close a fence or form a role token): for titles and file names, which are a stranger's words. */
export function plainTitle(text: string, mostCharacters: number): string {
  const clean = visibleCharacters(text).text.replaceAll("<", "‹").replaceAll(">", "›").replace(/\s+/gu, " ").trim();
  const characters = Array.from(clean);
  return characters.length <= mostCharacters ? clean : `${characters.slice(0, mostCharacters - 1).join("")}…`;
}

/** At most one blank line in a row, no blanks at line ends. */
export function tidy(text: string): string {
  return text.replace(/[^\S\n]+/gu, " ").replace(/ ?\n ?/gu, "\n").replace(/\n{3,}/gu, "\n\n").trim();
}
