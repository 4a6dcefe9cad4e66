import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** 256 bits, handed to the page in the address's fragment, which a browser never sends to any server. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** Same time whatever differs; hashing first makes the lengths equal. */
export function isToken(given: string | null | undefined, token: string): boolean {
  if (given === null || given === undefined) return false;
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

export function bearerOf(headers: IncomingHttpHeaders): string | null {
  return /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1] ?? null;
}

/**
 * Refuses what a strange web page could make a browser send here: a name that was re-bound to 127.0.0.1 shows in Host,
 * a request from another site in Origin or Sec-Fetch-Site. Programs without a browser send no Origin; they need the token.
 */
export function isOwnPage(headers: IncomingHttpHeaders, port: number): boolean {
  const names = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!names.includes(headers.host ?? "")) return false;
  const { origin } = headers;
  if (origin !== undefined && !names.some((name) => origin === `http://${name}`)) return false;
  const site = headers["sec-fetch-site"];
  return site === undefined || site === "same-origin" || site === "none";
}
