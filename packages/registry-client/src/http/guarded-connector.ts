import { lookup as dnsLookup } from "node:dns/promises";
import { isIP, type Socket } from "node:net";
import type { buildConnector } from "undici";
import type { ConnectionGuard } from "./http-transport.ts";

/** Addresses of a host name, best first. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** Asks the system. */
export const resolveBySystem: Resolve = async (hostname) =>
  (await dnsLookup(hostname, { all: true })).map(({ address }) => address);

/**
 * Looks a name up once, has every address checked, and connects to exactly those, one after the other: what is
 * connected to is what was checked, even if the name means something else a moment later.
 */
export function guardConnector(
  connector: buildConnector.connector,
  guard: ConnectionGuard,
  resolve: Resolve,
): buildConnector.connector {
  return (target, callback) => {
    void connectChecked(connector, guard, resolve, target).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
}

async function connectChecked(
  connector: buildConnector.connector,
  guard: ConnectionGuard,
  resolve: Resolve,
  target: buildConnector.Options,
): Promise<Socket> {
  const hostname = target.hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(hostname) === 0 ? await resolve(hostname) : [hostname];
  for (const address of addresses) guard.check(target.host ?? hostname, address);
  let failure: unknown = new Error(`${hostname} has no address`);
  for (const address of addresses) {
    try {
      return await connectOnce(connector, {
        ...target,
        hostname: address,
        ...(isIP(hostname) === 0 ? { servername: target.servername || hostname } : {}),
      });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function connectOnce(connector: buildConnector.connector, target: buildConnector.Options): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  connector(target, (...[error, socket]) => {
    if (error === null) resolve(socket);
    else reject(error);
  });
  return promise;
}
