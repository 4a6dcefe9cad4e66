import { interruption, main } from "./app/index.js";

/** `node dist/electron/serve.js` is `trex serve`. */
const { signal, exitNow } = interruption();
process.exitCode = await main({ arguments: ["serve", ...process.argv.slice(2)], stdout: process.stdout, stderr: process.stderr, environment: process.env, signal });
exitNow();
