import type { EnergyMeter } from "../contract/index.js";
import type { GpuStream } from "./gpu-stream.js";
import { findRaplDomains, RaplMeter } from "./rapl.js";

export interface RunningEnergyMeter extends EnergyMeter {
  dispose(): void;
}

/** The counter must be read before it wraps round twice; at 300 W a 65 kJ counter wraps after 3.6 minutes. */
const raplIntervalMs = 60_000;

/**
 * Joules of the processors and cards that do the work. If one of those cannot be measured the sum would flatter, so the
 * answer is null. What else runs on the machine is measured along: nothing tells it apart.
 */
export async function createEnergyMeter(options: { usesCpu: boolean; gpu: GpuStream | null; powercapRoot?: string }): Promise<RunningEnergyMeter> {
  const domains = await findRaplDomains(options.powercapRoot ?? "/sys/class/powercap");
  const rapl = domains.length === 0 ? null : new RaplMeter(domains);
  const card = options.gpu === null ? null : integratePower(options.gpu);
  await rapl?.read();
  const timer = rapl === null ? undefined : setInterval(() => void rapl.read(), raplIntervalMs);
  timer?.unref();

  return {
    async read() {
      const processor = rapl === null ? null : await rapl.read();
      if (options.usesCpu && processor === null) return null;
      const cardJoules = card === null ? 0 : card.joules();
      return cardJoules === null ? null : cardJoules + (processor ?? 0);
    },
    dispose() {
      clearInterval(timer);
      card?.stop();
    },
  };
}

/** Longest gap between two power readings that is still bridged; beyond it the machine slept or the driver was away. */
const longestGapMs = 10_000;

/** Trapezoids over the card's own one-second power average. null until the card has told its power once. */
export function integratePower(stream: Pick<GpuStream, "subscribe">): { joules(): number | null; stop(): void } {
  let last: { atMs: number; watts: number } | null = null;
  let joules: number | null = null;
  const stop = stream.subscribe(({ atMs, powerWatts }) => {
    if (powerWatts === null) return;
    if (last !== null && atMs - last.atMs <= longestGapMs) joules = (joules ?? 0) + (((last.watts + powerWatts) / 2) * (atMs - last.atMs)) / 1_000;
    joules ??= 0;
    last = { atMs, watts: powerWatts };
  });
  return { joules: () => joules, stop };
}
