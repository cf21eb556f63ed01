import { createServer } from "node:net";
import { causesOf, codeOf, isDistrust } from "@puna/cli";
import { clientUrl, type HostAddress, isThisMachine } from "../host.ts";
import type { Finding } from "./finding.ts";

const answerTimeoutMs = 5_000;
const unauthorized = 401;

export interface AddressOptions {
  readonly host: HostAddress;
  readonly allowUnauthenticated: boolean;
  /** The server would ask for keys: there are some. */
  readonly hasKeys: boolean;
  /** Shown to the server that answers, as every command does. */
  readonly apiKey?: string | undefined;
  /** Reaches the server, where the runtime's own would not trust its certificate. */
  readonly fetch?: typeof fetch;
  /** Of this program; a server of another release is named. */
  readonly version: string;
}

/** Who answers at the address of OLLAMA_HOST, and where nobody does, whether `serve` could. */
export async function checkAddress(options: AddressOptions): Promise<Finding> {
  const url = clientUrl(options.host);
  const who = await whoAnswers(url, options);
  const finding = { check: "address", facts: { url, ...who } };
  switch (who.answers) {
    case "puna":
      if (who.refuses === true) {
        return {
          ...finding,
          status: "problem",
          summary:
            options.apiKey === undefined
              ? `a puna server answers at ${url}, but only to those who have a key`
              : `a puna server answers at ${url}, but refuses the key in PUNA_API_KEY`,
          advice:
            "put a key that it knows into PUNA_API_KEY; 'puna keys add NAME' makes one where you are its admin",
        };
      }
      return who.version === undefined || who.version === options.version
        ? { ...finding, status: "ok", summary: `a puna server answers at ${url}` }
        : {
            ...finding,
            status: "note",
            summary: `puna ${who.version} answers at ${url}, this is ${options.version}`,
            advice: "restart that server to have the version that is installed",
          };
    case "ollama":
      return {
        ...finding,
        status: "note",
        summary: `Ollama ${who.version} answers at ${url}: commands of puna use it, 'puna serve' cannot listen there`,
        advice: "stop Ollama, or give puna another port, such as OLLAMA_HOST=127.0.0.1:11435",
      };
    case "other":
      return {
        ...finding,
        status: "problem",
        summary: `something that is no model server answers at ${url}`,
        advice: "end it, or give puna another port, such as OLLAMA_HOST=127.0.0.1:11435",
      };
    case "untrusted":
      return {
        ...finding,
        status: "problem",
        summary: `what answers at ${url} shows a certificate that is not trusted (${who.reason})`,
        advice:
          "name the file of the certificate, or of who signed it, in NODE_EXTRA_CA_CERTS; on the server's own machine set PUNA_TLS_CERT as the server has it",
      };
    case "silent":
      return {
        ...finding,
        status: "problem",
        summary: `${url} takes connections but does not answer`,
        advice: "restart what listens there, or give puna another port in OLLAMA_HOST",
      };
    case "nobody":
      return { ...finding, ...(await couldServe(options, url)) };
    default:
      return who satisfies never;
  }
}

type Answerer =
  /** Without a version: it tells not even that to those who have no key. */
  | { readonly answers: "puna"; readonly version?: string; readonly refuses?: true }
  | { readonly answers: "ollama"; readonly version: string }
  | { readonly answers: "untrusted"; readonly reason: string }
  | { readonly answers: "other" | "silent" | "nobody" };

async function whoAnswers(
  url: string,
  { apiKey, fetch: ownFetch = fetch }: AddressOptions,
): Promise<Answerer> {
  try {
    const ask = (path: string) =>
      ownFetch(url + path, {
        signal: AbortSignal.timeout(answerTimeoutMs),
        ...(apiKey === undefined ? {} : { headers: { authorization: `Bearer ${apiKey}` } }),
      });
    const response = await ask("/api/version");
    // Whatever it is: looked at field by field.
    const body = (await response.json().catch(() => undefined)) as unknown;
    if (typeof body !== "object" || body === null) return { answers: "other" };
    if ("puna" in body && typeof body.puna === "string") {
      // Its version it tells to everybody; which models are loaded only to those who have a key.
      const { status } = await ask("/api/ps");
      return {
        answers: "puna",
        version: body.puna,
        ...(status === unauthorized ? { refuses: true } : {}),
      };
    }
    // A server that wants a key says so in the shape of its errors, which only puna's own has.
    if (response.status === unauthorized && response.headers.has("x-request-id"))
      return { answers: "puna", refuses: true };
    if ("version" in body && typeof body.version === "string")
      return { answers: "ollama", version: body.version };
    return { answers: "other" };
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") return { answers: "silent" };
    const codes = causesOf(error).map(codeOf);
    if (codes.some((code) => unreachable.has(code))) return { answers: "nobody" };
    const reason = codes.find(isDistrust);
    return reason === undefined ? { answers: "other" } : { answers: "untrusted", reason };
  }
}

const unreachable = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "EAI_AGAIN",
]);

async function couldServe(
  { host, allowUnauthenticated, hasKeys }: AddressOptions,
  url: string,
): Promise<Pick<Finding, "status" | "summary" | "advice">> {
  const failure = await listenOnce(host);
  if (failure !== undefined && !isThisMachine(host.hostname)) {
    return {
      status: "problem",
      summary: `nobody answers at ${url}, which is not this machine`,
      advice: "start the server there, or correct OLLAMA_HOST",
    };
  }
  if (failure !== undefined) {
    return {
      status: "problem",
      summary: `nobody can listen on ${url}: ${failure}`,
      advice: "choose a free port above 1023 and an address of this machine in OLLAMA_HOST",
    };
  }
  if (!isLoopback(host.hostname) && !allowUnauthenticated && !hasKeys) {
    return {
      status: "problem",
      summary: `'puna serve' refuses ${host.hostname}: others can reach it, and there are no keys`,
      advice:
        "use 127.0.0.1, or make a key with 'puna keys add NAME' there first, or set PUNA_ALLOW_UNAUTHENTICATED=1 where only people you trust reach the machine",
    };
  }
  return { status: "ok", summary: `${url} is free; 'puna serve' or the first 'puna run' starts the server` };
}

/** Why this machine cannot listen there; undefined when it can. */
function listenOnce({ hostname, port }: HostAddress): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(error.message));
    server.listen(port, hostname, () => server.close(() => resolve(undefined)));
  });
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || hostname.startsWith("127.");
}
