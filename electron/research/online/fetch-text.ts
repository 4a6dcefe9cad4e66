import { err, fail, ok, type Failure, type Result } from "../../contract/index.js";
import { stopped, type Lane } from "./lane.js";

export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

export interface FetchTextOptions {
  readonly url: URL;
  /** The service's name in sentences. */
  readonly name: string;
  readonly accept: string;
  readonly lane: Lane;
  readonly fetch: Fetch;
  /** Asked before every connection, also between redirects. */
  readonly isOffline: () => boolean;
  /** Tests only: plain HTTP to this machine. */
  readonly allowLoopback: boolean;
  readonly timeoutMs: number;
}

export const mostBytes = 2 * 2 ** 20;
const mostRedirects = 3;
const userAgent = "TREX-Desktop/0.1 (literature and data search; no telemetry)";

export const offlineFailure: Failure = { class: "ENV", code: "offline", message: "The offline switch is on, so nothing was asked.", hint: "Turn the switch off in the settings to search online." };

/**
 * The text at an address. Nothing is opened while the switch is on. Redirects are followed on the same host only, answers
 * are cut off at two million bytes after decompression, and no cookie, referrer or credential is sent.
 * Errors: ENV `offline`, `online.*`; CANCELLED.
 */
export async function fetchText(options: FetchTextOptions, signal: AbortSignal): Promise<Result<string>> {
  if (options.isOffline()) return err(offlineFailure);
  if (signal.aborted) return stopped();
  return options.lane.run(async (pace) => {
    let url = options.url;
    for (let hop = 0; hop <= mostRedirects; hop += 1) {
      const allowed = mayOpen(url, options);
      if (!allowed.ok) return allowed;
      const paced = await pace();
      if (!paced.ok) return paced;
      // The switch may have been turned on while this request waited for its turn.
      if (options.isOffline()) return err(offlineFailure);
      const answer = await once(url, options, signal);
      if (!answer.ok) return answer;
      if ("text" in answer.value) return ok(answer.value.text);
      const target = resolved(answer.value.location, url);
      if (target?.origin !== url.origin) return fail("ENV", "online.redirect", `${options.name} sent the request to another place, which is not followed.`, "A sign-in page of the network may stand in between.");
      url = target;
    }
    return fail("ENV", "online.redirect", `${options.name} sent the request in circles.`);
  }, signal);
}

function mayOpen(url: URL, { name, allowLoopback }: FetchTextOptions): Result<null> {
  const isLoopback = url.hostname === "127.0.0.1" || url.hostname === "[::1]";
  if (url.username !== "" || url.password !== "") return fail("CONFIG", "online.address", `The address of ${name} holds a password, which is not sent.`);
  if (url.protocol === "https:" || (allowLoopback && isLoopback && url.protocol === "http:")) return ok(null);
  return fail("CONFIG", "online.address", `${name} is asked over HTTPS only.`);
}

/** null where there is no address, which relative to the last would be that one again. */
function resolved(location: string, base: URL): URL | null {
  if (location.trim() === "") return null;
  try {
    return new URL(location, base);
  } catch {
    return null;
  }
}

type Answer = { readonly text: string } | { readonly location: string };

async function once(url: URL, options: FetchTextOptions, signal: AbortSignal): Promise<Result<Answer>> {
  const { name } = options;
  const timer = AbortSignal.timeout(options.timeoutMs);
  try {
    const response = await options.fetch(url.href, {
      method: "GET", redirect: "manual", credentials: "omit", referrerPolicy: "no-referrer",
      headers: { accept: options.accept, "user-agent": userAgent }, signal: AbortSignal.any([signal, timer]),
    });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      return ok({ location: response.headers.get("location") ?? "" });
    }
    if (response.status === 429 || response.status === 503) {
      await response.body?.cancel();
      const seconds = retryAfterSeconds(response.headers);
      options.lane.holdOff(seconds * 1000);
      return fail("ENV", "online.rate_limited", `${name} is asked too often at the moment.`, `Try again in ${seconds} seconds.`);
    }
    if (!response.ok) {
      await response.body?.cancel();
      return fail("ENV", "online.status", `${name} answered with the error ${response.status}.`, "Try again later.");
    }
    return await boundedText(response, options);
  } catch {
    if (signal.aborted) return stopped();
    if (timer.aborted) return fail("ENV", "online.timeout", `${name} did not answer within ${Math.round(options.timeoutMs / 1000)} seconds.`, "Try again later.");
    return fail("ENV", "online.unreachable", `${name} cannot be reached, or broke off its answer.`, "Check the network.");
  }
}

async function boundedText(response: Response, { name, isOffline }: FetchTextOptions): Promise<Result<Answer>> {
  const tooLarge = fail("ENV", "online.too_large", `${name} sent more than two megabytes, which is no answer to a search.`);
  if (Number(response.headers.get("content-length") ?? 0) > mostBytes) {
    await response.body?.cancel();
    return tooLarge;
  }
  const reader = response.body?.getReader();
  if (reader === undefined) return ok({ text: "" });
  const decoder = new TextDecoder("utf-8");
  let bytes = 0;
  let text = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const part = piece.value as Uint8Array;
    bytes += part.byteLength;
    if (bytes > mostBytes || isOffline()) {
      await reader.cancel();
      return isOffline() ? err(offlineFailure) : tooLarge;
    }
    text += decoder.decode(part, { stream: true });
  }
  return ok({ text: text + decoder.decode() });
}

/** `Retry-After` in seconds, or the hub's `RateLimit: "api";r=0;t=55`; half a minute where neither says. */
function retryAfterSeconds(headers: Headers): number {
  const said = Number(headers.get("retry-after") ?? /;\s*t=(\d{1,6})/u.exec(headers.get("ratelimit") ?? "")?.[1] ?? Number.NaN);
  return Number.isFinite(said) && said > 0 ? Math.min(Math.ceil(said), 900) : 30;
}
