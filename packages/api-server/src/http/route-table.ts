import type { Route } from "./route.ts";

/** What the table knows about a path. */
export type RouteMatch =
  | { readonly type: "found"; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly type: "wrong-method"; readonly allow: string }
  | { readonly type: "redirect"; readonly status: 301 | 307; readonly location: string }
  | { readonly type: "unknown" }
  /** The path has escapes that are none. */
  | { readonly type: "broken" };

interface PathEntry {
  readonly routes: Route[];
  readonly pattern: RegExp | undefined;
}

/** Finds routes by path first, so that a wrong method and a stray slash can be answered as such. */
export class RouteTable {
  readonly #static = new Map<string, PathEntry>();
  readonly #patterns: PathEntry[] = [];

  constructor(routes: readonly Route[]) {
    const byPath = Map.groupBy(routes, ({ path }) => path);
    for (const [path, sharing] of byPath) {
      const entry = { routes: sharing, pattern: path.includes(":") ? toPattern(path) : undefined };
      if (entry.pattern === undefined) this.#static.set(path, entry);
      else this.#patterns.push(entry);
    }
  }

  match(method: string, rawPath: string): RouteMatch {
    const path = decode(rawPath);
    if (path === undefined) return { type: /%(?![0-9a-f]{2})/i.test(rawPath) ? "broken" : "unknown" };
    const found = this.#find(path);
    if (found === undefined) return this.#stray(method, path);
    const route = found.entry.routes.find((candidate) => accepts(candidate, method));
    if (route !== undefined) return { type: "found", route, params: found.params };
    return { type: "wrong-method", allow: found.entry.routes.flatMap(methodsOf).join(", ") };
  }

  #find(path: string): { entry: PathEntry; params: Readonly<Record<string, string>> } | undefined {
    const entry = this.#static.get(path);
    if (entry !== undefined) return { entry, params: {} };
    for (const candidate of this.#patterns) {
      const match = candidate.pattern?.exec(path);
      if (match) return { entry: candidate, params: { ...match.groups } };
    }
    return undefined;
  }

  /** As Go's mux and gin do: doubled slashes are cleaned for every method; a slash at the end goes where the method has a route. */
  #stray(method: string, path: string): RouteMatch {
    const single = path.replace(/\/{2,}/g, "/");
    if (single !== path) return { type: "redirect", status: 307, location: single };
    const bare = path.replace(/\/$/, "");
    const isStraySlash =
      bare !== path && this.#find(bare)?.entry.routes.some((route) => accepts(route, method));
    if (isStraySlash !== true) return { type: "unknown" };
    return { type: "redirect", status: method === "GET" ? 301 : 307, location: bare };
  }
}

function toPattern(path: string): RegExp {
  const source = path.replace(/[.]/g, "\\.").replace(/:(\w+)/g, "(?<$1>[^/]+)");
  return new RegExp(`^${source}$`);
}

function accepts(route: Route, method: string): boolean {
  return methodsOf(route).includes(method);
}

function methodsOf(route: Route): string[] {
  return route.withHead === true || route.head !== undefined ? ["HEAD", route.method] : [route.method];
}

/** @returns undefined for broken escapes */
function decode(path: string): string | undefined {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
