#!/usr/bin/env node
import { interruption, main } from "./app/index.js";

const { signal, exitNow } = interruption();
process.exitCode = await main({ arguments: process.argv.slice(2), stdout: process.stdout, stderr: process.stderr, environment: process.env, signal });
exitNow();
