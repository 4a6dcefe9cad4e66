/**
 * Long work on the host's thread comes up for air: `await breathe()` costs nothing until `budgetMs` have passed since
 * the last pause, then lets timers and messages through. Keeps a stretch of work well under 50 ms.
 */
export function createBreather(budgetMs = 12): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < budgetMs) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    since = performance.now();
  };
}
