export interface Section {
  readonly title: string;
  /** The most telling first. */
  readonly lines: readonly string[];
  /** Sections of lower rank lose their lines first; a section of rank 0 keeps its first line. */
  readonly rank: number;
}

const separator = "\n";

/** Sections in their order, cut to a length by leaving out whole lines, the least important first. Null: not even the first lines fit. */
export function fitSections(sections: readonly Section[], mostCharacters: number): string | null {
  const kept = sections.map((section) => ({ ...section, lines: [...section.lines] }));
  const lengthOf = ({ title, lines }: { title: string; lines: readonly string[] }): number => (lines.length === 0 ? 0 : title.length + 1 + lines.reduce((sum, line) => sum + line.length + 2 + separator.length, 0) + separator.length);
  let length = kept.reduce((sum, section) => sum + lengthOf(section), 0);
  const byRank = [...kept].sort((left, right) => right.rank - left.rank);
  while (length > mostCharacters) {
    const loser = byRank.find((section) => section.lines.length > (section.rank === 0 ? 1 : 0));
    if (loser === undefined) return null;
    const before = lengthOf(loser);
    loser.lines.pop();
    length += lengthOf(loser) - before;
  }
  return kept.filter(({ lines }) => lines.length > 0).map(({ title, lines }) => [`${title}:`, ...lines.map((line) => `- ${line}`)].join(separator)).join(separator);
}
