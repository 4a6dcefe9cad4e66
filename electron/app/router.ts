import { channels, fail, FailureError, type ChannelName, type ChannelResponse, type Failure, type Result } from "../contract/index.js";
import type { z } from "zod";

/** What a channel's handler gets: the request after its schema, defaults filled in. */
export type Handlers = {
  readonly [Name in ChannelName]: (request: z.output<(typeof channels)[Name]["request"]>) => Promise<Result<ChannelResponse<Name>>>;
};

export type Envelope = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: Failure };

export interface Router {
  /** Answers any request, whoever sent it: unknown channels and wrong shapes are refused, bugs become one sentence. */
  handle(channel: string, request: unknown): Promise<Envelope>;
}

/** Both ways are checked: what the page sends is hostile until parsed, and what is answered must be what was promised. */
export function createRouter(handlers: Handlers, onBug: (error: unknown) => void): Router {
  return {
    async handle(channel, request) {
      if (!isChannel(channel)) return fail("CONFIG", "api.unknown_channel", `There is no channel "${channel.slice(0, 60)}".`);
      const { request: requestSchema, response: responseSchema } = channels[channel];
      const parsed = requestSchema.safeParse(request);
      if (!parsed.success) return fail("CONFIG", "api.bad_request", `The request to ${channel} is not valid: ${firstIssue(parsed.error)}.`);
      try {
        // The table above pairs each channel with its own schemas; TypeScript cannot follow that through a union.
        const handler = handlers[channel] as (input: unknown) => Promise<Result<unknown>>;
        const result = await handler(parsed.data);
        if (!result.ok) return result;
        const answer = responseSchema.safeParse(result.value);
        if (answer.success) return { ok: true, value: answer.data };
        onBug(answer.error);
        return fail("INTERNAL", "api.bad_response", `The answer of ${channel} was not what was promised (${firstIssue(answer.error)}).`, "Please report this; nothing was changed.");
      } catch (error) {
        if (error instanceof FailureError) return { ok: false, error: error.failure };
        onBug(error);
        return fail("INTERNAL", "api.bug", `Something in ${channel} went wrong that should not.`, "The log names it; everything in the journal is kept.");
      }
    },
  };
}

function isChannel(name: string): name is ChannelName {
  return Object.hasOwn(channels, name);
}

export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "unknown";
  return issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`;
}
