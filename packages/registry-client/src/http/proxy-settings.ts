/** What the environment usually says in HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
export interface ProxySettings {
  readonly http?: string;
  readonly https?: string;
  /** comma list of hosts, `.suffixes`, `host:port` and `*` */
  readonly no?: string;
}

/** The proxy for a URL, or undefined. This machine is never reached through one. */
export function selectProxy(url: URL, settings: ProxySettings): string | undefined {
  const proxy = url.protocol === "https:" ? settings.https : settings.http;
  if (proxy === undefined || proxy === "" || isOwnMachine(url.hostname)) return undefined;
  const excluded = (settings.no ?? "").split(/[\s,]+/).some((entry) => entry !== "" && matches(entry, url));
  return excluded ? undefined : proxy;
}

function matches(entry: string, url: URL): boolean {
  if (entry === "*") return true;
  const [host = "", port] = entry.toLowerCase().split(":");
  if (port !== undefined && port !== (url.port || (url.protocol === "https:" ? "443" : "80"))) return false;
  const suffix = host.replace(/^\*?\./, "");
  return url.hostname === suffix || url.hostname.endsWith(`.${suffix}`);
}

function isOwnMachine(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
