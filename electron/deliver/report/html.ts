/** Markup that is known to be safe. Everything else that comes into a template is text and is escaped. */
export class Html {
  constructor(readonly text: string) {}
}

type Piece = Html | string | number | null | readonly Html[];

/** Builds markup; strings and numbers are escaped, so that no model, data row or agent can write any. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return new Html(strings.reduce((text, part, index) => text + part + (index < pieces.length ? rendered(pieces[index] ?? null) : ""), ""));
}

const replacements: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "`": "&#96;" };

/** Safe between tags and inside quoted attributes. Control and direction-changing characters are shown, not obeyed. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"'`]/g, (character) => replacements[character] ?? character)
    // eslint-disable-next-line no-control-regex -- these are the very characters that must not pass
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, "\ufffd");
}

function rendered(piece: Piece): string {
  if (piece === null) return "";
  if (piece instanceof Html) return piece.text;
  if (typeof piece === "string" || typeof piece === "number") return escapeHtml(String(piece));
  return piece.map((part) => part.text).join("");
}
