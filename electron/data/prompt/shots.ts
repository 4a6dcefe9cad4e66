import type { Example } from "../../contract/index.js";
import { groupKey } from "../identity.js";

/** Most worked examples a prompt may show (contract, promptSchema), and one to spare for the row that is itself one. */
export const shotsKept = 17;

/** The worked examples of one run under one prompt. Training and evaluation are handed the same. */
export interface Shots {
  /**
   * At most `count` for this row, in the order in which they are shown. Never one that asks the same as the row. The
   * choice of fewer is always part of the choice of more.
   */
  choose(example: Pick<Example, "messages">, count: number): readonly Example[];
  /** Prompts longer than this many tokens show fewer of them, until they fit; null: no limit is known. */
  readonly mostPromptTokens: number | null;
}

export const noShots: Shots = { choose: () => [], mostPromptTokens: null };

/** The first of one list, for every row. */
export function fixedShots(list: readonly Example[], mostPromptTokens: number | null = null): Shots {
  const keyed = list.map((shot) => ({ shot, question: questionKey(shot) }));
  return {
    mostPromptTokens,
    choose(example, count) {
      if (count === 0) return [];
      const own = questionKey(example);
      return keyed.filter(({ question }) => question !== own).slice(0, count).map(({ shot }) => shot);
    },
  };
}

export const withoutSystem = <Turn extends { readonly role: string }>(messages: readonly Turn[]): Turn[] => messages.filter(({ role }) => role !== "system");

/** Equal for rows that ask the same whatever their system message: a recipe may replace that. */
export const questionKey = (example: Pick<Example, "messages">): string => groupKey({ messages: withoutSystem(example.messages) });
