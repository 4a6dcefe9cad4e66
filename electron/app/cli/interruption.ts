/** How long the end waits for output on its way to a slow pipe. */
const drainMs = 2_000;

/**
 * SIGINT and SIGTERM ask for a clean end; a second one ends at once, which loses nothing either: the journal is written
 * through at every record that matters. `exitNow` ends the process even if a library left a timer or a handle behind.
 */
export function interruption(): { readonly signal: AbortSignal; readonly exitNow: () => void } {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      process.stderr.write("\nStopping cleanly; press Ctrl+C again to stop at once.\n");
      controller.abort();
    });
  }
  // A reader that went away (trex ls | head) is no bug.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => { if (error.code === "EPIPE") process.exit(0); });
  return {
    signal: controller.signal,
    exitNow() {
      setTimeout(() => process.exit(), drainMs).unref();
      process.stdout.write("", () => process.stderr.write("", () => process.exit()));
    },
  };
}
