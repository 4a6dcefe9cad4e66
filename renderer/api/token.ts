const storageKey = "trex.token";

export interface Entry {
  readonly token: string | null;
  /** What the address bar should show from now on: the fragment without the token. */
  readonly fragment: string;
}

/**
 * `trex serve` prints an address ending in `#token=…` (and `&run=…` to open a run). A fragment never leaves the
 * browser; it is taken once, kept for this tab, and removed from the address so that it is not copied by accident.
 */
export function readEntry(fragment: string, storage: Pick<Storage, "getItem" | "setItem">): Entry {
  const parameters = new URLSearchParams(fragment.replace(/^#\/?/, ""));
  const token = parameters.get("token");
  if (token === null || token === "") return { token: storage.getItem(storageKey), fragment };
  storage.setItem(storageKey, token);
  const runId = parameters.get("run");
  return { token, fragment: runId === null ? "#/" : `#/runs/${encodeURIComponent(runId)}` };
}
