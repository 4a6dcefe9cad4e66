import type { FailureClass } from "../../contract.js";

/** What kind of failure it was, and that it does not count against the idea. */
export const failureWords: Readonly<Record<FailureClass, string>> = {
  CONFIG: "A setting was not possible.",
  OOM: "It did not fit into memory.",
  DATA: "Something was wrong with the training rows.",
  ENV: "The computer got in the way: disk, file or a crashed process.",
  TIMEOUT: "It took longer than allowed.",
  DIVERGED: "The training ran out of control.",
  CANCELLED: "It was ended before its time.",
  INTERNAL: "A bug in TREX.",
};
