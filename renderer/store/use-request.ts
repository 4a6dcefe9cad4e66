import { useCallback, useRef, useState } from "react";
import { idle, loading, settled, type Answer, type Loadable } from "./loadable.js";

/** Something asked for by hand. The last good answer stays while the next is awaited; one that comes too late is let go. */
export function useRequest<Request, Value>(send: (request: Request) => Promise<Answer<Value>>): readonly [Loadable<Value>, (request: Request) => Promise<void>] {
  const [state, setState] = useState<Loadable<Value>>(idle);
  const asked = useRef(0);
  const ask = useCallback(async (request: Request): Promise<void> => {
    asked.current += 1;
    const turn = asked.current;
    setState((before) => loading(before));
    const answer = await send(request);
    if (asked.current === turn) setState((before) => settled(before, answer));
  }, [send]);
  return [state, ask];
}
