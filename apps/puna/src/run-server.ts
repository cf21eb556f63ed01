import { readFile } from "node:fs/promises";
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { join } from "node:path";
import { openIdentity } from "@puna/blob-store";
import { compose } from "./compose.ts";
import type { Config } from "./config.ts";
import { clientUrl } from "./host.ts";
import { withCheckedHost } from "./host-header.ts";
import { IdleClock } from "./idle-clock.ts";
import { createLogger } from "./logger.ts";
import { RotatingFile } from "./rotating-file.ts";

/** Streams may finish for so long after a signal; then they are cut. */
const drainMs = 5_000;
/** Node's own limit; a header larger than this is refused before it reaches us. */
const maxHeaderBytes = 16 * 1024;
const headersTimeoutMs = 60_000;

/**
 * Listens until a signal, or until nothing was asked for `idleMs`. Then lets streams finish, ends the runners
 * and returns.
 */
export async function runServer(config: Config, version: string, idleMs?: number): Promise<void> {
  using file = new RotatingFile(join(config.home, "logs", "server.log"));
  const logger = createLogger(config.debug, {
    write(line) {
      process.stderr.write(line);
      file.write(line);
    },
  });
  // As Ollama does: the key exists from the first start on.
  await openIdentity(config.home).catch((error: Error) =>
    logger.warn("no key pair", { reason: error.message }),
  );
  await using parts = compose({ config, version, logger, listens: true });

  const over = Promise.withResolvers<string>();
  const idle = idleMs === undefined ? undefined : new IdleClock(idleMs, () => over.resolve("idle"));
  const handle = withCheckedHost((incoming, outgoing) => {
    idle?.track(outgoing);
    parts.server.nodeListener(incoming, outgoing);
  });
  // Bodies have no limit in time, models are large; `unstalled` of the API server ends those that stop coming.
  const limits = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersTimeoutMs,
    requestTimeout: 0,
    // Refused in `withCheckedHost`, with a text.
    requireHostHeader: false,
  };
  const tls = await readTls(config);
  const http =
    tls === undefined ? createHttpServer(limits, handle) : createHttpsServer({ ...limits, ...tls }, handle);
  await listen(http, config);
  const address = http.address();
  // Port 0 lets the system choose one.
  const port = typeof address === "object" && address !== null ? address.port : config.host.port;
  logger.info("listening", {
    url: clientUrl({ ...config.host, port, scheme: tls === undefined ? "http" : "https" }),
    version,
    models: config.modelsDir,
  });
  for (const name of config.withoutEffect) logger.warn(`${name} is set and has no effect here`);
  if (!config.noPrune) void removeLeftovers(parts.store, logger);

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => over.resolve(signal));
  const reason = await over.promise;
  idle?.stop();
  logger.info("stopping", { reason });
  await close(http);
}

/** Certificate and key, which come together or not at all. */
async function readTls({ tlsCertificate, tlsKey }: Config) {
  if (tlsCertificate === undefined && tlsKey === undefined) return undefined;
  if (tlsCertificate === undefined || tlsKey === undefined)
    throw new Error("PUNA_TLS_CERT and PUNA_TLS_KEY belong together; one of them is missing");
  try {
    return { cert: await readFile(tlsCertificate), key: await readFile(tlsKey) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the certificate or its key cannot be read: ${reason}`, { cause });
  }
}

async function listen(http: Server, config: Config): Promise<void> {
  const { hostname, port } = config.host;
  await new Promise<void>((resolve, reject) => {
    http.once("error", (error: NodeJS.ErrnoException) => {
      const text =
        error.code === "EADDRINUSE"
          ? `listen tcp ${hostname}:${port}: bind: address already in use; another server runs there, or set OLLAMA_HOST`
          : `cannot listen on ${hostname}:${port}: ${error.message}`;
      reject(new Error(text, { cause: error }));
    });
    http.listen(port, hostname, resolve);
  });
}

/** Takes no more requests, lets running ones end, and then cuts what is left. */
async function close(http: Server): Promise<void> {
  const closed = new Promise((resolve) => http.close(resolve));
  http.closeIdleConnections();
  const timer = setTimeout(() => http.closeAllConnections(), drainMs);
  await closed;
  clearTimeout(timer);
}

/** What interrupted runs left behind, once it is old enough that nobody can be using it. */
async function removeLeftovers(
  store: ReturnType<typeof compose>["store"],
  logger: ReturnType<typeof createLogger>,
): Promise<void> {
  try {
    const { remove } = await store.prune();
    if (remove.length > 0) logger.info("removed unused files", { count: remove.length });
  } catch (error) {
    logger.warn("unused files were left", { reason: error instanceof Error ? error.message : String(error) });
  }
}
