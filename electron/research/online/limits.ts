import { fail, ok, type OnlineResult, type Result } from "../../contract/index.js";

/** What is kept of an answer, whatever the service sends. */
export const limits = { results: 20, titleCharacters: 300, authors: 20, authorCharacters: 100, summaryCharacters: 2000, licenceCharacters: 60 } as const;

export const noResults: readonly OnlineResult[] = [];

export const unreadable = (name: string): Result<never> => fail("ENV", "online.unreadable", `${name} answered with something that is no search result.`, "A sign-in page of the network may stand in between, or the service has changed.");

/** The answer as JSON of any shape. */
export function parseJsonAnswer(text: string, name: string): Result<unknown> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return unreadable(name);
  }
}
