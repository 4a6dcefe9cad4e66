import { hiddenReasons, type HiddenReason, type HiddenText } from "./extracted-document.js";

/** Counts what was left out, by page and reason. Blanks do not count: they hide nothing. */
export interface HiddenTally {
  add(page: number, reason: HiddenReason, text: string): void;
  /** For characters that are blank themselves. */
  addCount(page: number, reason: HiddenReason, characters: number): void;
  result(): HiddenText[];
}

export function createHiddenTally(): HiddenTally {
  const counts = new Map<number, Map<HiddenReason, number>>();
  const addCount: HiddenTally["addCount"] = (page, reason, characters) => {
    if (characters === 0) return;
    const ofPage = counts.get(page) ?? new Map<HiddenReason, number>();
    ofPage.set(reason, (ofPage.get(reason) ?? 0) + characters);
    counts.set(page, ofPage);
  };
  return {
    addCount,
    add: (page, reason, text) => { addCount(page, reason, text.replace(/\s+/gu, "").length); },
    result: () => [...counts].sort(([first], [second]) => first - second).flatMap(([page, ofPage]) =>
      hiddenReasons.flatMap((reason) => {
        const characters = ofPage.get(reason);
        return characters === undefined ? [] : [{ reason, page, characters }];
      })),
  };
}
