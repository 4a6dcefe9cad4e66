import { defineConfig } from "vite";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A sandboxed preload must be one CommonJS file that requires nothing but electron. */
export default defineConfig({
  root,
  build: {
    outDir: "dist/electron", emptyOutDir: false, target: "node20", minify: false, copyPublicDir: false,
    lib: { entry: "electron/preload.ts", formats: ["cjs"], fileName: () => "preload.cjs" },
    rollupOptions: { external: ["electron"] },
  },
});
