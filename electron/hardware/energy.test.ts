import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEnergyMeter, integratePower } from "./energy.js";
import type { GpuSample, GpuStream } from "./gpu-stream.js";
import { findRaplDomains, RaplMeter } from "./rapl.js";

let root = "";
beforeEach(async () => { root = await mkdtemp(path.join(os.tmpdir(), "rapl-")); });
afterEach(async () => { await rm(root, { recursive: true }); });

async function domain(name: string, microjoules: string): Promise<string> {
  await mkdir(path.join(root, name), { recursive: true });
  await writeFile(path.join(root, name, "max_energy_range_uj"), "1000000\n");
  const counter = path.join(root, name, "energy_uj");
  await writeFile(counter, microjoules);
  return counter;
}

function fakeStream(): { stream: GpuStream; say: (atMs: number, powerWatts: number | null) => void } {
  let listener: (sample: GpuSample) => void = () => undefined;
  return {
    stream: { subscribe: (next) => { listener = next; return () => undefined; }, dispose: () => undefined },
    say: (atMs, powerWatts) => listener({ atMs, powerWatts, usedBytes: 1, totalBytes: 2, utilization: null, temperatureCelsius: null }),
  };
}

describe("energy", () => {
  it("adds whole packages and counts across the counter's wrap", async () => {
    const first = await domain("intel-rapl:0", "900000\n");
    await domain("intel-rapl:0:0", "5\n");
    const domains = await findRaplDomains(root);
    expect(domains.map((entry) => entry.counterPath)).toEqual([first]);
    const meter = new RaplMeter(domains);
    expect(await meter.read()).toBe(0);
    await writeFile(first, "100000\n");
    expect(await meter.read()).toBeCloseTo(0.2, 9);
  });

  it("is null where nothing measures the processor that works", async () => {
    const meter = await createEnergyMeter({ usesCpu: true, gpu: null, powercapRoot: path.join(root, "missing") });
    expect(await meter.read()).toBeNull();
    meter.dispose();
  });

  it("integrates the card's power and does not invent energy over a gap", () => {
    const { stream, say } = fakeStream();
    const card = integratePower(stream);
    expect(card.joules()).toBeNull();
    say(0, 100);
    say(1_000, 200);
    expect(card.joules()).toBeCloseTo(150);
    say(1_500, null);
    say(100_000, 200);
    expect(card.joules()).toBeCloseTo(150);
    say(101_000, 200);
    expect(card.joules()).toBeCloseTo(350);
  });

  it("adds card and processor", async () => {
    const counter = await domain("intel-rapl:0", "0");
    const { stream, say } = fakeStream();
    const meter = await createEnergyMeter({ usesCpu: true, gpu: stream, powercapRoot: root });
    say(0, 50);
    say(2_000, 50);
    await writeFile(counter, "500000");
    expect(await meter.read()).toBeCloseTo(100.5);
    meter.dispose();
  });
});
