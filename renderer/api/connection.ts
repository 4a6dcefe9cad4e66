import type { Api } from "../contract.js";

export type ConnectionState = "connecting" | "open" | "lost";

/** The host as the page sees it, with the one thing `Api` does not tell: whether the line is up. */
export interface Connection extends Api {
  /** Calls the listener with the present state at once and with each later one. Returns what ends it. */
  watchConnection(listener: (state: ConnectionState) => void): () => void;
}
