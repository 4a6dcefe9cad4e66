import type { Clock, Cost, EnergyMeter } from "../contract/index.js";

export const noCost: Cost = { trainSeconds: 0, evalSeconds: 0, agentSeconds: 0, totalSeconds: 0, agentTokens: 0, energyJoules: null };

/** Adds two costs. Energy stays null only while neither side measured any. */
export function addCost(left: Cost, right: Cost): Cost {
  return {
    trainSeconds: left.trainSeconds + right.trainSeconds,
    evalSeconds: left.evalSeconds + right.evalSeconds,
    agentSeconds: left.agentSeconds + right.agentSeconds,
    totalSeconds: left.totalSeconds + right.totalSeconds,
    agentTokens: left.agentTokens + right.agentTokens,
    energyJoules: left.energyJoules === null ? right.energyJoules : left.energyJoules + (right.energyJoules ?? 0),
  };
}

export type Purpose = "train" | "evaluate" | "agent";

/**
 * Books what work costs until the next journal record takes it. Failed work is booked too, so that what a
 * failed attempt spent lands on the node that tried it.
 */
export interface Meter {
  run<Value>(purpose: Purpose, work: () => Promise<Value>): Promise<Value>;
  addTokens(tokens: number): void;
  take(): Cost;
}

export function createMeter(clock: Clock, energy: EnergyMeter): Meter {
  let pending = noCost;
  return {
    async run(purpose, work) {
      const startMs = clock.now();
      const joulesBefore = await energy.read();
      try {
        return await work();
      } finally {
        const seconds = (clock.now() - startMs) / 1000;
        const joulesAfter = await energy.read();
        // A driver restart sets the counter back to zero; a negative difference is no measurement.
        const joules = joulesBefore === null || joulesAfter === null || joulesAfter < joulesBefore ? null : joulesAfter - joulesBefore;
        pending = addCost(pending, {
          trainSeconds: purpose === "train" ? seconds : 0,
          evalSeconds: purpose === "evaluate" ? seconds : 0,
          agentSeconds: purpose === "agent" ? seconds : 0,
          totalSeconds: seconds, agentTokens: 0, energyJoules: joules,
        });
      }
    },
    addTokens(tokens) {
      pending = { ...pending, agentTokens: pending.agentTokens + tokens };
    },
    take() {
      const taken = pending;
      pending = noCost;
      return taken;
    },
  };
}
