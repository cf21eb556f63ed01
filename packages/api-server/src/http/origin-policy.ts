const allowedMethods = "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS";

/** What browsers may send; the X-Stainless family is what OpenAI's own clients send. */
const allowedHeaders = [
  "Authorization",
  "Content-Type",
  "User-Agent",
  "Accept",
  "X-Requested-With",
  "Openai-Beta",
  ...["Arch", "Async", "Custom-Poll-Interval", "Helper-Method", "Lang", "Os", "Package-Version"].map(
    stainless,
  ),
  ...["Poll-Helper", "Retry-Count", "Runtime", "Runtime-Version", "Timeout"].map(stainless),
].join(",");

const preflightSeconds = "43200";

const schemeList = [
  "http://",
  "https://",
  "chrome-extension://",
  "safari-extension://",
  "moz-extension://",
  "ms-browser-extension://",
];

const builtIn = [
  ...["localhost", "127.0.0.1", "0.0.0.0"].flatMap((host) => [
    `http://${host}`,
    `https://${host}`,
    `http://${host}:*`,
    `https://${host}:*`,
  ]),
  ...["app", "file", "tauri", "vscode-webview", "vscode-file"].map((scheme) => `${scheme}://*`),
];

/** What the policy says to one request that carries an `Origin`. */
export type OriginDecision =
  | { readonly type: "pass" }
  | { readonly type: "refuse" }
  | { readonly type: "allow"; readonly headers: Readonly<Record<string, string>> }
  | { readonly type: "preflight"; readonly headers: Readonly<Record<string, string>> };

/**
 * Cross-origin rules: pages of this machine and of desktop shells may call, all others must be listed.
 * @param extra  further origins, each with at most one `*`; `*` alone allows every origin
 * @throws RangeError for an entry that could never match
 * @source ollama server/routes.go, envconfig AllowedOrigins, gin-contrib/cors
 */
export function originPolicy(
  extra: readonly string[],
): (request: {
  readonly origin?: string | undefined;
  readonly host: string;
  readonly isPreflight: boolean;
}) => OriginDecision {
  const everyone = extra.includes("*");
  const matchers = [...extra, ...builtIn].map(toMatcher);
  return ({ origin, host, isPreflight }) => {
    if (origin === undefined || origin === "") return { type: "pass" };
    if (origin === `http://${host}` || origin === `https://${host}`) return { type: "pass" };
    if (!everyone && !matchers.some((matches) => matches(origin))) return { type: "refuse" };
    const allowOrigin = everyone ? "*" : origin;
    if (!isPreflight) {
      const vary: Record<string, string> = everyone ? {} : { Vary: "Origin" };
      return { type: "allow", headers: { "Access-Control-Allow-Origin": allowOrigin, ...vary } };
    }
    return {
      type: "preflight",
      headers: {
        "Access-Control-Allow-Origin": allowOrigin,
        "Access-Control-Allow-Methods": allowedMethods,
        "Access-Control-Allow-Headers": allowedHeaders,
        "Access-Control-Max-Age": preflightSeconds,
        Vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
      },
    };
  };
}

function toMatcher(entry: string): (origin: string) => boolean {
  const star = entry.indexOf("*");
  if (star < 0) {
    if (!schemeList.some((scheme) => entry.startsWith(scheme))) {
      throw new RangeError(
        `bad origin: origins must contain '*' or include ${schemeList.join(",")} (got "${entry}")`,
      );
    }
    return (origin) => origin === entry;
  }
  if (entry.includes("*", star + 1)) throw new RangeError(`Allowed origin "${entry}" may hold one "*" only`);
  const [start, end] = [entry.slice(0, star), entry.slice(star + 1)];
  return (origin) =>
    origin.length >= start.length + end.length && origin.startsWith(start) && origin.endsWith(end);
}

function stainless(name: string): string {
  return `X-Stainless-${name}`;
}
