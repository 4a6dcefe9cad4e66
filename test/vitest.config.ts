import { defineConfig } from "vitest/config";

const root = new URL("..", import.meta.url).pathname;

/** Unit tests lie beside what they test; the others need built binaries and run one file at a time. */
export default defineConfig({
  root,
  test: {
    projects: [
      { test: { name: "unit", root, include: ["electron/**/*.test.ts", "renderer/**/*.test.ts"], testTimeout: 20_000 } },
      { test: { name: "integration", root, include: ["test/integration/**/*.test.ts", "test/native/**/*.test.ts"], testTimeout: 300_000, hookTimeout: 300_000, fileParallelism: false } },
      { test: { name: "faults", root, include: ["test/faults/**/*.test.ts"], testTimeout: 300_000, hookTimeout: 300_000, fileParallelism: false } },
    ],
  },
});
