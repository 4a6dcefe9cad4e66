import { createHash } from "node:crypto";
import type { Message } from "../contract/index.js";

/** 16 hex digits of SHA-256: enough that two of a billion rows do not meet by chance. */
export const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

export const idOf = (messages: readonly Message[]): string => shortHash(JSON.stringify(messages.map(({ role, content }) => [role, content])));

/** A conversation that ends with the answer. */
type Answered = Readonly<{ messages: readonly Message[] }>;

export const promptOf = (example: Answered): readonly Message[] => example.messages.slice(0, -1);
export const answerOf = (example: Answered): string => example.messages.at(-1)?.content ?? "";

/** Equal for rows that ask exactly the same thing. */
export const promptKey = (example: Answered): string => shortHash(JSON.stringify(promptOf(example).map(({ role, content }) => [role, content.trim()])));

/**
 * Equal for rows that ask the same thing but for case, punctuation and blanks: such rows never straddle two splits.
 * Text without letters or digits keeps its signs.
 */
export const groupKey = (example: Answered): string => shortHash(JSON.stringify(promptOf(example).map(({ role, content }) => [role, normalised(content) || content.trim()])));

export function normalised(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}
