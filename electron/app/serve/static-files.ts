import { readFile } from "node:fs/promises";
import path from "node:path";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png",
  ".ico": "image/x-icon", ".woff2": "font/woff2", ".json": "application/json; charset=utf-8", ".map": "application/json; charset=utf-8", ".txt": "text/plain; charset=utf-8",
};

export interface StaticFile {
  readonly bytes: Buffer;
  readonly type: string;
}

/** The file a request path names, inside the folder or null. A prefix test would also accept look-alike folders. */
export function resolveInside(folder: string, requestPath: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(requestPath);
  } catch {
    return null;
  }
  if (decoded.includes("\0") || decoded.includes("\\")) return null;
  const file = path.join(folder, decoded === "/" ? "index.html" : decoded);
  const inside = path.relative(folder, file);
  return inside === "" || inside.startsWith("..") || path.isAbsolute(inside) ? null : file;
}

/** Reads one of the page's own files; null for anything else. */
export async function readStatic(folder: string, requestPath: string): Promise<StaticFile | null> {
  const file = resolveInside(folder, requestPath);
  const type = file === null ? undefined : types[path.extname(file).toLowerCase()];
  if (file === null || type === undefined) return null;
  const bytes = await readFile(file).catch(() => null);
  return bytes === null ? null : { bytes, type };
}

/** For every answer: nothing from elsewhere, no framing, no guessing of types. React Flow sets inline styles. */
export const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
export const safeHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy": pagePolicy,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};
