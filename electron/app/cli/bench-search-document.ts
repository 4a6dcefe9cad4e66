/** The generated parts of a Markdown page, each between two comments that name it. */
export type GeneratedParts = Readonly<Record<string, string>>;

/**
 * A page with its generated parts replaced; everything else stays. Parts that the page has no place for are put at its
 * end, so that a new file becomes a page of these parts alone.
 */
export function withGeneratedParts(page: string, parts: GeneratedParts): string {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const [open, close] = [`<!-- ${name}: generated -->`, `<!-- /${name} -->`];
    const filled = `${open}\n${part.trim()}\n${close}`;
    const [from, to] = [text.indexOf(open), text.indexOf(close)];
    if (from < 0 || to < from) return `${text}${text === "" || text.endsWith("\n\n") ? "" : text.endsWith("\n") ? "\n" : "\n\n"}${filled}\n`;
    return text.slice(0, from) + filled + text.slice(to + close.length);
  }, page);
}
