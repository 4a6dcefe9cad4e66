/** A number in running text, with where it stands. */
export interface FoundNumber {
  readonly value: number;
  readonly start: number;
  readonly end: number;
  readonly percent: boolean;
}

const words: Readonly<Record<string, number>> = { one: 1, two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7, eight: 8, nine: 9, ten: 10, twelve: 12, twenty: 20 };
const scales: Readonly<Record<string, number>> = { k: 1e3, thousand: 1e3, m: 1e6, million: 1e6 };

/**
 * 2e-4, 2 × 10^-4, 10^-4, 0.0002, 52,000, 52k, 1.5M, 5 %, three. A number inside a word or a version ("GPT-4", "2.0.1",
 * "[12]", "Table 3", "7B") is none of these.
 */
const pattern = new RegExp(
  [
    "(?<![\\p{L}\\p{N}_.[-]|[\\p{L}\\p{N}]-)",
    "(?:",
    "(?<mantissa>\\d{1,12}(?:\\.\\d{1,12})?)\\s?(?:×|x|·|\\*|\\\\times)\\s?10\\s?\\^?\\s?[({]?(?<power>[-−–+]?\\s?\\d{1,2})[)}]?",
    "|10\\s?\\^\\s?[({]?(?<bare>[-−–]\\s?\\d{1,2})[)}]?",
    "|(?<plain>\\d{1,3}(?:,\\d{3})+|\\d{1,15}(?:\\.\\d{1,15})?|\\.\\d{1,15})(?:[eE](?<exponent>[-−–+]?\\d{1,2}))?(?:\\s?(?<scale>[kKM]|thousand|million)(?![\\p{L}\\p{N}]))?(?<percent>\\s?(?:%|percent))?",
    ")(?![\\p{L}\\p{N}_\\]]|\\.\\d|-[\\p{L}])",
    "|(?<![\\p{L}\\p{N}-])(?<word>one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty)(?![\\p{L}\\p{N}])",
  ].join(""),
  "giu",
);

export function numbersIn(text: string): FoundNumber[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const value = valueOf(match.groups ?? {});
    if (value === null || !Number.isFinite(value)) return [];
    return [{ value, start: match.index, end: match.index + match[0].length, percent: match.groups?.percent !== undefined }];
  });
}

function valueOf(groups: Readonly<Record<string, string | undefined>>): number | null {
  const exponentOf = (text: string): string => text.replace(/[−–]/gu, "-").replace(/\s/gu, "");
  if (groups.word !== undefined) return words[groups.word.toLowerCase()] ?? null;
  // As a literal, so that 2 × 10^-4 is the same number as 2e-4 to the last bit.
  if (groups.mantissa !== undefined) return Number(`${groups.mantissa}e${exponentOf(groups.power ?? "0")}`);
  if (groups.bare !== undefined) return Number(`1e${exponentOf(groups.bare)}`);
  if (groups.plain === undefined) return null;
  const number = Number(`${groups.plain.replaceAll(",", "")}${groups.exponent === undefined ? "" : `e${exponentOf(groups.exponent)}`}`);
  const scaled = groups.scale === undefined ? number : Number((number * (scales[groups.scale.toLowerCase()] ?? 1)).toPrecision(12));
  return groups.percent === undefined ? scaled : Number((scaled / 100).toPrecision(12));
}
