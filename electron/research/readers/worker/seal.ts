import dgram from "node:dgram";
import dns from "node:dns";
import net from "node:net";

/**
 * Takes the network away from this process before a stranger's document is parsed in it. The parsers open nothing by
 * themselves; this makes "nothing" certain also for what a later version of theirs might try.
 */
export function sealNetwork(): void {
  const refuse = (): never => { throw new Error("the document reader has no network"); };
  net.Socket.prototype.connect = refuse;
  dgram.Socket.prototype.send = refuse;
  dgram.Socket.prototype.connect = refuse;
  dns.lookup = refuse as unknown as typeof dns.lookup;
  for (const name of ["fetch", "WebSocket", "EventSource", "XMLHttpRequest"]) Object.defineProperty(globalThis, name, { value: refuse, writable: false, configurable: false });
}
