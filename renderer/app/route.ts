export type Route =
  | { readonly screen: "runs" }
  | { readonly screen: "new-run" }
  | { readonly screen: "machine" }
  | { readonly screen: "run"; readonly runId: string }
  | { readonly screen: "report"; readonly runId: string }
  | { readonly screen: "unknown" };

/** Routes live in the fragment: the same address works from `app://`, from a server and from a file. */
export function parseRoute(fragment: string): Route {
  const parts = fragment.replace(/^#?\/?/, "").split("/").filter((part) => part !== "").map(decodePart);
  const [first, second, third] = parts;
  if (first === undefined) return { screen: "runs" };
  if (first === "new" && parts.length === 1) return { screen: "new-run" };
  if (first === "machine" && parts.length === 1) return { screen: "machine" };
  if (first === "runs" && second !== undefined && parts.length === 2) return { screen: "run", runId: second };
  if (first === "runs" && second !== undefined && third === "report" && parts.length === 3) return { screen: "report", runId: second };
  return { screen: "unknown" };
}

export const paths = {
  runs: "#/",
  newRun: "#/new",
  machine: "#/machine",
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
