/** One row as it lay in the file: read, or the reason why it could not be. `row` is 1-based. */
export type RawRecord = { readonly row: number; readonly value: unknown } | { readonly row: number; readonly reason: string };

/** Longer rows are rejected unread: no row of training text is that long, and a parser should not hold it. */
export const longestRowCharacters = 1_000_000;
export const tooLongReason = "longer than 1,000,000 characters";
