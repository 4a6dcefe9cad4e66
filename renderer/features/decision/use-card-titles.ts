import { useEffect, useMemo } from "react";
import { valueOf } from "../../store/loadable.js";
import { useApp } from "../../store/use-app.js";

/** Titles of all cards by id. The library is asked for once, and only when a decision has cards to name. */
export function useCardTitles(isWanted: boolean): ReadonlyMap<string, string> {
  const library = useApp((state) => state.library);
  const load = useApp((state) => state.loadLibrary);
  const isIdle = library.state === "idle";
  useEffect(() => {
    if (isWanted && isIdle) void load();
  }, [isWanted, isIdle, load]);
  const cards = valueOf(library)?.cards;
  return useMemo(() => new Map(cards?.map((card) => [card.id, card.title])), [cards]);
}
