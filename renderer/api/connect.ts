import { bridgeConnection } from "./bridge.js";
import type { Connection } from "./connection.js";
import { httpConnection } from "./http.js";
import { readEntry } from "./token.js";

/** Electron's bridge when there is one, else HTTP to the server this page came from. */
export function connect(page: Window): Connection {
  if (page.trex !== undefined) return bridgeConnection(page.trex);
  const entry = readEntry(page.location.hash, page.sessionStorage);
  if (entry.fragment !== page.location.hash) page.history.replaceState(null, "", entry.fragment);
  return httpConnection({
    origin: "",
    token: entry.token,
    fetch: page.fetch.bind(page),
    openEvents: (url) => new EventSource(url),
  });
}
