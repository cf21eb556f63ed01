import type { IncomingMessage, RequestListener } from "node:http";

/** What may stand in a host name, an address or a port. */
const hostBytes = /^[!$%&'()*+,\-.:;=[\]_~0-9A-Za-z]*$/;

/** @returns what is wrong with the `Host` header of a request, in the words of Go's server */
function hostProblem({
  httpVersion,
  rawHeaders,
}: Pick<IncomingMessage, "httpVersion" | "rawHeaders">): string | undefined {
  const hosts = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === "host",
  );
  const [host] = hosts;
  if (host === undefined) return httpVersion === "1.1" ? "missing required Host header" : undefined;
  if (hosts.length > 1) return "too many Host headers";
  return hostBytes.test(host) ? undefined : "malformed Host header";
}

/** Refuses requests whose `Host` header is none, as Go's server does. */
export function withCheckedHost(listener: RequestListener): RequestListener {
  return (incoming, outgoing) => {
    const problem = hostProblem(incoming);
    if (problem === undefined) return listener(incoming, outgoing);
    outgoing.writeHead(400, { "Content-Type": "text/plain; charset=utf-8", Connection: "close" });
    outgoing.end(`400 Bad Request: ${problem}`);
  };
}
