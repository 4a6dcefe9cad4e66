import { describe, expect, it } from "vitest";
import { decideBackends, judgeCards, type BackendFacts } from "./backends.js";
import type { GpuReading } from "./gpu-query.js";

const card = (changes: Partial<GpuReading> = {}): GpuReading => ({
  index: 0, name: "RTX 4090", driverVersion: "550.1", computeCapability: "8.9", totalBytes: 24e9, freeBytes: 22e9, powerWatts: null, ...changes,
});
const facts = (changes: Partial<BackendFacts> = {}): BackendFacts => ({
  platform: "linux", arch: "x64",
  probe: { status: "ok", message: "Found one NVIDIA card, driver 550.1.", elapsedMs: 1, gpus: [card()] },
  trainerCuda: { compiled: false, available: false, reason: "not compiled" },
  libraries: { vulkan: true, cudaRuntime: false },
  binaries: { version: "3.21.1", cpu: true, vulkan: true, cuda: true, metal: false },
  otherCards: [],
  ...changes,
});
const noCard = { status: "no-gpu", message: "No NVIDIA card was found.", elapsedMs: 1, gpus: [] } as const;

describe("choosing back ends", () => {
  it("trains on the processor and says that this build has no CUDA kernels", () => {
    const { trainer } = decideBackends(facts());
    expect(trainer.use).toBe("cpu");
    expect(trainer.reason).toContain("no CUDA kernels");
  });

  it("takes Vulkan for the agents where the CUDA runtime is not installed, and CUDA where it is", () => {
    expect(decideBackends(facts()).agent).toMatchObject({ use: "vulkan", reason: expect.stringContaining("cudart") as string });
    expect(decideBackends(facts({ libraries: { vulkan: true, cudaRuntime: true } })).agent.use).toBe("cuda");
  });

  it("falls back to the processor without a loader, without a card, and with a driver that hangs", () => {
    expect(decideBackends(facts({ libraries: { vulkan: false, cudaRuntime: false } })).agent).toMatchObject({ use: "cpu", reason: expect.stringContaining("Vulkan loader") as string });
    expect(decideBackends(facts({ probe: noCard })).agent.use).toBe("cpu");
    expect(decideBackends(facts({ probe: { status: "timed-out", message: "It hangs.", elapsedMs: 5000, gpus: [] } })).agent.use).toBe("cpu");
  });

  it("serves the agents from another maker's card through Vulkan", () => {
    expect(decideBackends(facts({ probe: noCard, otherCards: ["Radeon RX 7800 XT"] })).agent).toMatchObject({ use: "vulkan", reason: expect.stringContaining("Radeon") as string });
  });

  it("uses the card with more free memory and says so about the other", () => {
    const probe = { status: "ok", message: "Found 2 NVIDIA cards.", elapsedMs: 1, gpus: [card({ freeBytes: 5e9 }), card({ index: 1, name: "RTX 3090", freeBytes: 20e9 })] } as const;
    const cards = judgeCards(probe, decideBackends(facts({ probe })));
    expect(cards[1]?.reason).toContain("Used by the agents");
    expect(cards[0]?.reason).toContain("card 1 has more free memory");
  });

  it("says of a good card that nothing uses it yet, and why", () => {
    const { probe, ...rest } = facts({ libraries: { vulkan: false, cudaRuntime: false } });
    expect(judgeCards(probe, decideBackends({ probe, ...rest }))[0]).toMatchObject({ usable: true, reason: expect.stringContaining("Vulkan loader") as string });
  });

  it("leaves a card with an old driver alone", () => {
    const probe = { status: "driver-too-old", message: "Too old.", elapsedMs: 1, gpus: [card({ driverVersion: "470.1" })] } as const;
    const backends = decideBackends(facts({ probe }));
    expect(backends.agent.use).toBe("cpu");
    expect(judgeCards(probe, backends)[0]).toMatchObject({ usable: false, reason: expect.stringContaining("470.1") as string });
  });
});
