/** Content words of a text in lower case, cut to a stem short enough that "classify" meets "classification". */
export function stemsOf(text: string): ReadonlySet<string> {
  const words = text.normalize("NFKC").toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  return new Set(words.filter((word) => !common.has(word)).map((word) => word.slice(0, stemCharacters)));
}

const stemCharacters = 6;
const common = new Set(["the", "and", "for", "from", "with", "that", "this", "into", "than", "then", "are", "was", "were", "has", "have", "its", "their", "them", "not", "but", "all", "any", "can", "more", "most", "model", "models", "better", "make", "should", "data", "get", "our", "one", "when"]);

/** How many of `wanted` a text holds, as a share of the root of their number: a long goal does not drown a short one. */
export function overlapOf(wanted: ReadonlySet<string>, text: ReadonlySet<string>): number {
  if (wanted.size === 0) return 0;
  let shared = 0;
  for (const word of wanted) if (text.has(word)) shared += 1;
  return shared / Math.sqrt(wanted.size);
}
