export { createApp, type App, type AppOptions } from "./create-app.js";
export { writeCrashLog } from "./crash-log.js";
export { interruption } from "./cli/interruption.js";
export { main } from "./cli/main.js";
export type { RunManager } from "./runs/manager.js";
export { readStatic, safeHeaders } from "./serve/static-files.js";
