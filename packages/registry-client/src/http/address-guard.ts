import { BlockList, isIP } from "node:net";

/** How close to home an address is. */
export type AddressKind = "public" | "loopback" | "private" | "forbidden";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

const privateNets = new BlockList();
for (const [net, prefix] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["198.18.0.0", 15],
] as const) {
  privateNets.addSubnet(net, prefix, "ipv4");
}
privateNets.addSubnet("fc00::", 7, "ipv6");
privateNets.addSubnet("fec0::", 10, "ipv6");

/** Link-local (cloud metadata services live there), "this" network, multicast, reserved and broadcast. */
const forbiddenNets = new BlockList();
for (const [net, prefix] of [
  ["0.0.0.0", 8],
  ["169.254.0.0", 16],
  ["192.0.0.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const) {
  forbiddenNets.addSubnet(net, prefix, "ipv4");
}
forbiddenNets.addSubnet("fe80::", 10, "ipv6");
forbiddenNets.addSubnet("ff00::", 8, "ipv6");
forbiddenNets.addAddress("::", "ipv6");
forbiddenNets.addAddress("fd00:ec2::254", "ipv6");

/** Sorts an IP address; IPv4 inside IPv6 (mapped, NAT64, 6to4) counts as that IPv4 address. */
export function addressKind(address: string): AddressKind {
  const plain = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const family = isIP(plain);
  if (family === 0) return "forbidden";
  if (family === 6) {
    const embedded = embeddedIpv4(plain);
    if (embedded !== undefined) return addressKind(embedded);
  }
  const type = family === 4 ? "ipv4" : "ipv6";
  if (forbiddenNets.check(plain, type)) return "forbidden";
  if (loopback.check(plain, type)) return "loopback";
  return privateNets.check(plain, type) ? "private" : "public";
}

function embeddedIpv4(address: string): string | undefined {
  const groups = expandIpv6(address);
  if (groups === undefined) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const zeroTo = (count: number) => groups.slice(0, count).every((group) => group === 0);
  const isMapped = zeroTo(5) && f === 0xffff;
  const isCompatible = zeroTo(6) && (g !== 0 || h > 1);
  const isNat64 = a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0;
  if (isMapped || isCompatible || isNat64) return toIpv4(g, h);
  return a === 0x2002 ? toIpv4(b, c) : undefined;
}

function toIpv4(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

function expandIpv6(address: string): readonly number[] | undefined {
  // The parser of URLs writes every form in one way, also those with a dotted IPv4 tail.
  const host = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  if (host === undefined) return undefined;
  const [head = "", tail] = host.split("::");
  const read = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [left, right] = [read(head), read(tail ?? "")];
  return tail === undefined
    ? left
    : [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

export interface TargetPolicy {
  /** registry hosts (`host` or `host:port`) that may be addressed; absent: all */
  readonly allowedRegistries?: readonly string[];
  /** hosts of the user's own configuration: any address is right for them */
  readonly trustedHosts?: readonly string[];
}

/**
 * Decides which addresses a transfer may connect to. A registry may be public or on this machine; what it
 * redirects to must be public or as close as the registry itself. Private networks need `trustedHosts`;
 * link-local and other special addresses as well.
 */
export function mayConnect(kind: AddressKind, registryKind: AddressKind): boolean {
  if (kind === "public") return true;
  return kind === "loopback" && registryKind === "loopback";
}

/** Whether `host` (with or without port) stands in a list of hosts. */
export function listsHost(hosts: readonly string[] | undefined, host: string): boolean {
  const lower = host.toLowerCase();
  const bare = lower.replace(/:\d+$/, "");
  return hosts?.some((entry) => entry.toLowerCase() === lower || entry.toLowerCase() === bare) ?? false;
}
