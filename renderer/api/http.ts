import { channels, pushSchema, responseEnvelopeSchema, type ChannelName, type ChannelRequest, type ChannelResponse, type Push } from "../contract.js";
import type { Connection, ConnectionState } from "./connection.js";

/** `EventSource.CLOSED`, spelled out so that this file also runs where the class does not exist. */
const closedState = 2;
const retryMs = 3000;

type Answer<Name extends ChannelName> =
  | { ok: true; value: ChannelResponse<Name> }
  | { ok: false; error: { class: string; code: string; message: string; hint: string } };

export interface HttpOptions {
  /** Where the host answers, without a trailing slash; "" for the page's own origin. */
  readonly origin: string;
  readonly token: string | null;
  readonly fetch: typeof globalThis.fetch;
  readonly openEvents: (url: string) => EventSource;
}

const refuse = (code: string, message: string, hint: string): { ok: false; error: { class: string; code: string; message: string; hint: string } } => ({
  ok: false,
  error: { class: "ENV", code, message, hint },
});

/** Speaks to `trex serve`: one POST per call, one event stream for everything pushed. Both ends are checked against the contract. */
export function httpConnection(options: HttpOptions): Connection {
  const watchers = new Set<(state: ConnectionState) => void>();
  let state: ConnectionState = "connecting";
  const announce = (next: ConnectionState): void => {
    if (next === state) return;
    state = next;
    for (const watcher of watchers) watcher(next);
  };

  async function call<Name extends ChannelName>(name: Name, request: ChannelRequest<Name>): Promise<Answer<Name>> {
    let response: Response;
    try {
      response = await options.fetch(`${options.origin}/api/${name}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...(options.token === null ? {} : { authorization: `Bearer ${options.token}` }) },
        body: JSON.stringify(request),
      });
    } catch {
      return refuse("host.unreachable", "TREX does not answer.", "Check that trex serve is still running; the page reconnects by itself.");
    }
    if (response.status === 401 || response.status === 403) {
      return refuse("host.refused", "This page is not allowed to talk to TREX.", "Open the full address that trex serve printed, including its token.");
    }
    const envelope = responseEnvelopeSchema.safeParse(await response.json().catch(() => null));
    if (!envelope.success) {
      return refuse("host.unreadable", `TREX sent an answer to ${name} that this page cannot read (status ${response.status}).`, "Reload the page; if it stays, page and host are of different versions.");
    }
    if (!envelope.data.ok) return envelope.data;
    const value = channels[name].response.safeParse(envelope.data.value);
    if (!value.success) {
      return refuse("host.unreadable", `TREX sent an answer to ${name} that does not follow the contract.`, "Reload the page; if it stays, page and host are of different versions.");
    }
    return { ok: true, value: value.data as ChannelResponse<Name> };
  }

  function subscribe(listener: (push: Push) => void): () => void {
    const query = options.token === null ? "" : `?token=${encodeURIComponent(options.token)}`;
    let events: EventSource;
    let retry: ReturnType<typeof setTimeout> | null = null;
    const open = (): void => {
      events = options.openEvents(`${options.origin}/api/events${query}`);
      events.onopen = () => announce("open");
      events.onerror = () => {
        announce("lost");
        // The browser reconnects after a network error by itself, but gives up for good after an HTTP error.
        if (events.readyState === closedState) retry = setTimeout(open, retryMs);
      };
      events.onmessage = (event: MessageEvent<string>) => {
        const push = pushSchema.safeParse(parseJson(event.data));
        // An unreadable push leaves a hole in the sequence, and a hole makes the store load the state again.
        if (push.success) listener(push.data);
      };
    };
    open();
    return () => {
      if (retry !== null) clearTimeout(retry);
      events.close();
    };
  }

  return {
    call,
    subscribe,
    watchConnection(listener) {
      watchers.add(listener);
      listener(state);
      return () => watchers.delete(listener);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
