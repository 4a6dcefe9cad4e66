export { createSession, type Session } from "./session.js";
export { foldRun, emptyRun, applyRecord } from "./fold.js";
export { createSessionFiles } from "./files.js";
export { parseBudget } from "./budget.js";
export { summarizeRun, atRest } from "./summary.js";
export type { LiveProgress, SessionDependencies, SessionFiles, SessionJournal } from "./dependencies.js";
