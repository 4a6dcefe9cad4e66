import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** One folder of static files that works from `app://` and from `trex serve` alike: relative paths, nothing inlined into scripts. */
export default defineConfig({
  root: new URL(".", import.meta.url).pathname,
  base: "./",
  plugins: [react()],
  build: {
    outDir: "../dist/renderer",
    emptyOutDir: true,
    target: "chrome120",
    // A data: URL would be the one resource the content policy has to make an exception for.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
});
