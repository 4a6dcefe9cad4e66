/** Longest name of a key or label that is put into a prompt, and how many of them. */
export const quotableCharacters = 40;
export const mostQuoted = 12;

/**
 * The text if it can stand in quotation marks in a prompt or on a screen without becoming anything else, or null. Keys and
 * labels are the data's: no control, direction, zero-width or tag characters, no variation selectors (text can hide in
 * those), no quotes, angle brackets or backslashes, no line breaks, and not so many words that it could be a sentence to a model. What would
 * have to be changed is left out: a changed key is a wrong key.
 */
export function quotable(text: string, mostWords = 3): string | null {
  if (text.length === 0 || text.length > quotableCharacters || text !== text.trim()) return null;
  if (/[\p{C}\p{Zl}\p{Zp}\p{Variation_Selector}\u034f"`<>\\{}|]/u.test(text) || /\s\s|[^\S ]/u.test(text)) return null;
  return text.split(" ").length <= mostWords ? text : null;
}
