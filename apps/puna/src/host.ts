export interface HostAddress {
  readonly scheme: "http" | "https";
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
}

const defaultPort = 11434;
const schemePorts: Readonly<Record<string, number>> = { http: 80, https: 443 };

/**
 * Reads OLLAMA_HOST: `host`, `host:port`, `:port`, `scheme://host:port`, IPv6 with or without brackets.
 * A port that is none falls back to the default one.
 * @source ollama envconfig Host
 */
export function parseHost(value: string | undefined): HostAddress {
  const raw = value?.trim() ?? "";
  const schemeEnd = raw.indexOf("://");
  const scheme = schemeEnd > 0 && raw.slice(0, schemeEnd) === "https" ? "https" : "http";
  const fallback = schemeEnd > 0 ? (schemePorts[raw.slice(0, schemeEnd)] ?? defaultPort) : defaultPort;
  const authority = (schemeEnd > 0 ? raw.slice(schemeEnd + 3) : raw).replace(/\/.*$/, "");
  if (schemeEnd < 0 && authority === "ollama.com") return { scheme: "https", hostname: authority, port: 443 };
  const [hostname, port] = splitPort(authority);
  return { scheme, hostname: hostname === "" ? "127.0.0.1" : hostname, port: parsePort(port, fallback) };
}

function splitPort(authority: string): [string, string | undefined] {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(authority);
  if (bracketed) return [bracketed[1] ?? "", bracketed[2]];
  // More than one colon without brackets is a bare IPv6 address.
  if (authority.split(":").length > 2) return [authority, undefined];
  const colon = authority.indexOf(":");
  return colon < 0 ? [authority, undefined] : [authority.slice(0, colon), authority.slice(colon + 1)];
}

function parsePort(text: string | undefined, fallback: number): number {
  if (text === undefined || !/^\d+$/.test(text)) return fallback;
  const port = Number(text);
  return port <= 65_535 ? port : fallback;
}

/** The address a client on this machine connects to: an unspecified host is reached through loopback. */
export function clientUrl({ scheme, hostname, port }: HostAddress): string {
  const reachable = hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "::" ? "::1" : hostname;
  return `${scheme}://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

/** Whether a server of this machine that speaks plain HTTP can have this address. */
export function isLocal({ scheme, hostname }: HostAddress): boolean {
  return scheme === "http" && isThisMachine(hostname);
}

/** Names of this machine for itself. */
export function isThisMachine(hostname: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|::1?)$/.test(hostname);
}

/**
 * The address where a certificate is set: a server started with these settings speaks HTTPS, whatever OLLAMA_HOST says
 * of it, and so must those who ask it. An address of another machine keeps the scheme that was written.
 */
export function withTls(host: HostAddress, written: string | undefined): HostAddress {
  return isThisMachine(host.hostname) || !written?.includes("://") ? { ...host, scheme: "https" } : host;
}
