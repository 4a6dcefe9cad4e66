import { assertNever, type MemorySample, type Push, type RunView } from "../contract.js";
import type { AppData, NodeProgress } from "./state.js";

/** Enough for a day at one reading a minute; beyond it every second old reading is let go. */
const mostMemorySamples = 1600;

export interface PushOutcome {
  readonly data: AppData;
  /** What the page must ask the host for again. */
  readonly reload: "nothing" | "runs" | "everything";
}

/** Takes one push in. A hole in the sequence, in either direction, means that something was missed: load it all again. */
export function applyPush(data: AppData, push: Push, nowMs: number): PushOutcome {
  const gap = data.lastSequence !== null && push.sequence !== data.lastSequence + 1;
  const taken = applyMessage({ ...data, lastSequence: push.sequence }, push.message, nowMs);
  return gap ? { ...taken, reload: "everything" } : taken;
}

function applyMessage(data: AppData, message: Push["message"], nowMs: number): PushOutcome {
  switch (message.type) {
    case "run":
      return { data: withView(data, message.view, nowMs), reload: "nothing" };
    case "progress": {
      const { runId, nodeId, stage, done, total, loss, tokensPerSecond } = message;
      const ofRun: Readonly<Record<string, NodeProgress>> = { ...data.progress[runId], [nodeId]: { stage, done, total, loss, tokensPerSecond } };
      return { data: { ...data, progress: { ...data.progress, [runId]: ofRun } }, reload: "nothing" };
    }
    case "memory": {
      const samples = appendSample(data.memory[message.runId] ?? [], message.sample);
      return { data: { ...data, memory: { ...data.memory, [message.runId]: samples } }, reload: "nothing" };
    }
    case "runs-changed":
      return { data, reload: "runs" };
    default:
      return assertNever(message);
  }
}

/** Progress belongs to nodes that still run; for the others the view has the final word. */
export function withView(data: AppData, view: RunView, nowMs: number): AppData {
  const running = new Set(view.nodes.filter((node) => node.status === "running").map((node) => node.id));
  const progress = Object.fromEntries(Object.entries(data.progress[view.runId] ?? {}).filter(([nodeId]) => running.has(nodeId)));
  return {
    ...data,
    views: { ...data.views, [view.runId]: { state: "ready", value: { view, receivedAtMs: nowMs } } },
    progress: { ...data.progress, [view.runId]: progress },
  };
}

/** A resumed run starts a new clock; readings are kept in order of arrival, so a step back in time is not an error. */
export function appendSample(samples: readonly MemorySample[], sample: MemorySample): readonly MemorySample[] {
  const all = [...samples, sample];
  return all.length <= mostMemorySamples ? all : all.filter((_, index) => index % 2 === 0 || index === all.length - 1);
}
