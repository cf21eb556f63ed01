import { BlockList, isIP } from "node:net";

/** Where the server listens, as far as the guard against DNS rebinding must know. */
export interface BindAddress {
  /** The address bound to, e.g. `127.0.0.1`, `::1`, `0.0.0.0`; absent: not listening (mounted or in-process). */
  readonly address?: string;
  /** The machine's own name. */
  readonly hostname?: string;
  /** Addresses of the machine's own interfaces. */
  readonly ownAddresses?: readonly string[];
}

/** What a `Host` header is; OPTIONS to an allowed name has an answer of its own. */
export type HostDecision = "unchecked" | "address" | "name" | "refused";

const localSuffixes = [".localhost", ".local", ".internal"];

const localNetworks = new BlockList();
for (const [network, prefix] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const) {
  localNetworks.addSubnet(network, prefix, "ipv4");
}
localNetworks.addAddress("0.0.0.0", "ipv4");
localNetworks.addAddress("::1", "ipv6");
localNetworks.addAddress("::", "ipv6");
localNetworks.addSubnet("fc00::", 7, "ipv6");

/**
 * Decides which `Host` headers are answered: a page of a foreign name that resolves to this machine is not.
 * Checked only while bound to a loopback address; whoever binds wider has chosen to be reachable by name.
 * @source ollama server/routes.go allowedHostsMiddleware
 */
export function hostPolicy(bind: BindAddress): (hostHeader: string | undefined) => HostDecision {
  if (bind.address === undefined || !isLoopback(bind.address)) return () => "unchecked";
  const ownName = bind.hostname?.toLowerCase();
  return (hostHeader) => {
    const host = withoutPort(hostHeader ?? "");
    if (isIP(host) !== 0) return isLocalAddress(host, bind.ownAddresses ?? []) ? "address" : "refused";
    const name = host.toLowerCase();
    const isOurs = name === "" || name === "localhost" || name === ownName;
    return isOurs || localSuffixes.some((suffix) => name.endsWith(suffix)) ? "name" : "refused";
  };
}

/** Whether only this machine can reach the address. Names count by their convention, unresolved. */
export function isLoopback(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, "");
  if (isIP(bare) === 4) return bare.startsWith("127.");
  return bare === "::1" || bare.toLowerCase() === "localhost";
}

function isLocalAddress(address: string, ownAddresses: readonly string[]): boolean {
  const family = isIP(address) === 4 ? "ipv4" : "ipv6";
  return localNetworks.check(address, family) || ownAddresses.includes(address);
}

/** A bracketed address without a port keeps its brackets and is refused below, as Go's net.SplitHostPort has it. */
function withoutPort(host: string): string {
  const bracketed = /^\[(.*)\]:[^:]*$/.exec(host);
  if (bracketed !== null) return bracketed[1] ?? "";
  return /^[^:]*:[^:]*$/.test(host) ? host.slice(0, host.lastIndexOf(":")) : host;
}
