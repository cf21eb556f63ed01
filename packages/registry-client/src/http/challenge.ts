/** What a 401 asks for. */
export interface Challenge {
  readonly scheme: "bearer" | "basic";
  readonly realm: string;
  readonly service: string;
  readonly scope: string;
}

/** Reads `WWW-Authenticate`; other schemes and damaged headers give undefined. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const match = /^\s*(bearer|basic)\b\s*/i.exec(header ?? "");
  if (header === undefined || match === null) return undefined;
  const scheme = match[1]?.toLowerCase() === "basic" ? "basic" : "bearer";
  const parameters = new Map<string, string>();
  for (const part of header
    .slice(match[0].length)
    .matchAll(/([a-zA-Z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))/g)) {
    const [, key = "", quoted, bare = ""] = part;
    parameters.set(key.toLowerCase(), quoted === undefined ? bare : quoted.replace(/\\(.)/g, "$1"));
  }
  const get = (key: string) => parameters.get(key) ?? "";
  return { scheme, realm: get("realm"), service: get("service"), scope: get("scope") };
}
