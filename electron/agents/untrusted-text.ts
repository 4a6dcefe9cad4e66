/**
 * Text from users, files and models on its way into a prompt or a plan: one line, no control, bidirectional,
 * zero-width or tag characters (they hide orders from people, not from models), no fence marks, bounded.
 */
export function plainLine(text: string, mostCharacters: number): string {
  // \p{C}: control, format (zero-width, bidirectional, tags), surrogate, private use and unassigned characters.
  const clean = text.normalize("NFKC").replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").replace(/<\s*\/?\s*data\s*>/gi, "[data]").replace(/<\|/g, "< |").trim();
  const characters = Array.from(clean);
  return characters.length <= mostCharacters ? clean : `${characters.slice(0, mostCharacters - 1).join("")}…`;
}

/** A reasoning model's think block is neither answer nor evidence; one that never closed is dropped to the end. */
export function withoutThinking(text: string): string {
  return text.replace(/<think>.*?(<\/think>|$)/gs, "").trim();
}
