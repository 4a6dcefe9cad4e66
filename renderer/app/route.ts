export const librarySections = ["documents", "cards", "online", "data"] as const;
export type LibrarySection = (typeof librarySections)[number];

export type Route =
  | { readonly screen: "runs" }
  /** `data`: a file that was picked elsewhere; null: the form starts empty. */
  | { readonly screen: "new-run"; readonly data: string | null }
  | { readonly screen: "machine" }
  | { readonly screen: "settings" }
  | { readonly screen: "library"; readonly section: LibrarySection; readonly cardId: string | null }
  | { readonly screen: "run"; readonly runId: string }
  | { readonly screen: "report"; readonly runId: string }
  | { readonly screen: "unknown" };

/** Routes live in the fragment: the same address works from `app://`, from a server and from a file. */
export function parseRoute(fragment: string): Route {
  const parts = fragment.replace(/^#?\/?/, "").split("/").filter((part) => part !== "").map(decodePart);
  const [first, second, third] = parts;
  if (first === undefined) return { screen: "runs" };
  if (first === "new" && parts.length <= 2) return { screen: "new-run", data: second ?? null };
  if (first === "machine" && parts.length === 1) return { screen: "machine" };
  if (first === "settings" && parts.length === 1) return { screen: "settings" };
  if (first === "library" && parts.length <= 3) return libraryRoute(second, third);
  if (first === "runs" && second !== undefined && parts.length === 2) return { screen: "run", runId: second };
  if (first === "runs" && second !== undefined && third === "report" && parts.length === 3) return { screen: "report", runId: second };
  return { screen: "unknown" };
}

function libraryRoute(name: string | undefined, cardId: string | undefined): Route {
  const section = name === undefined ? "documents" : librarySections.find((candidate) => candidate === name);
  if (section === undefined || (cardId !== undefined && section !== "cards")) return { screen: "unknown" };
  return { screen: "library", section, cardId: cardId ?? null };
}

export const paths = {
  runs: "#/",
  newRun: "#/new",
  newRunWith: (data: string) => `#/new/${encodeURIComponent(data)}`,
  machine: "#/machine",
  settings: "#/settings",
  library: (section: LibrarySection) => (section === "documents" ? "#/library" : `#/library/${section}`),
  card: (cardId: string) => `#/library/cards/${encodeURIComponent(cardId)}`,
  run: (runId: string) => `#/runs/${encodeURIComponent(runId)}`,
  report: (runId: string) => `#/runs/${encodeURIComponent(runId)}/report`,
} as const;

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
