import { settingsViewSchema } from "../../contract.js";

export type ReadNumber = { readonly ok: true; readonly value: number | null } | { readonly ok: false; readonly sentence: string };

const sentences = { threads: "Write a whole number, or 0.", tariffPerKilowattHour: "Write a price such as 0.32, or leave it empty." } as const;

/** What was typed, against the contract's own schema. A comma is a decimal point here, as in most of Europe. */
export function readNumber(name: keyof typeof sentences, text: string, mayBeEmpty: boolean): ReadNumber {
  const trimmed = text.trim().replace(",", ".");
  if (trimmed === "") return mayBeEmpty ? { ok: true, value: null } : { ok: false, sentence: sentences[name] };
  const parsed = settingsViewSchema.shape[name].safeParse(Number(trimmed));
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, sentence: sentences[name] };
}
