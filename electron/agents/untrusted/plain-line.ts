/** Invisible, but letters or marks to Unicode: variation selectors (used to smuggle bytes), Hangul and Khmer fillers, the Braille blank. */
const invisible = /\p{Variation_Selector}|[\u{115F}\u{1160}\u{2800}\u{3164}\u{FFA0}]|\u{17B4}|\u{17B5}/gu;
/** More marks than this on one letter are a picture, not a word. */
const stackedMarks = /(\p{M}{3})\p{M}+/gu;

/**
 * Text from users, files and models on its way into a prompt or a plan: one line, bounded, without control, bidirectional,
 * zero-width or tag characters (they hide orders from people, not from models), and without angle brackets, so that it can
 * close no fence and form no role token, whatever the model's template calls them.
 */
export function plainLine(text: string, mostCharacters: number): string {
  // Cut before the work and again after: NFKC can make one character eighteen.
  const clean = text.slice(0, 20 * mostCharacters).normalize("NFKC")
    .replace(invisible, " ")
    // \p{C}: control, format (zero-width, bidirectional, tags), surrogate, private use and unassigned characters.
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ")
    .replace(stackedMarks, "$1")
    .replaceAll("<", "‹").replaceAll(">", "›")
    .trim();
  const characters = Array.from(clean);
  return characters.length <= mostCharacters ? clean : `${characters.slice(0, mostCharacters - 1).join("")}…`;
}

/** Material in its fence. Prompts say once that what stands in it gives no orders. */
export const fenced = (text: string, mostCharacters: number): string => `<data>${plainLine(text, mostCharacters)}</data>`;

/** A reasoning model's think block is neither answer nor evidence; one that never closed is dropped to the end. */
export function withoutThinking(text: string): string {
  return text.replace(/<think>.*?(<\/think>|$)/gs, "").trim();
}
