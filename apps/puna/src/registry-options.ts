import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openIdentity } from "@puna/blob-store";
import { dockerCredentials, type RegistryClientOptions } from "@puna/registry-client";
import type { Config } from "./config.ts";

/** What the configuration says about pulls and pushes. */
export function registryOptions(config: Config, version: string): Omit<RegistryClientOptions, "store"> {
  const { allowedRegistries, certificateFile, downloadBytesPerSecond } = config;
  return {
    identity: () => openIdentity(config.home),
    policy: {
      trustedHosts: config.trustedRegistries,
      ...(allowedRegistries === undefined ? {} : { allowedRegistries }),
    },
    ...(certificateFile === undefined ? {} : { certificateAuthority: readCertificates(certificateFile) }),
    ...(downloadBytesPerSecond === undefined ? {} : { bytesPerSecond: downloadBytesPerSecond }),
    credentials: dockerCredentials(join(config.dockerConfigDir, "config.json")),
    proxy: config.proxy,
    userAgent: `puna/${version}`,
    keepReplacedLayers: config.noPrune,
  };
}

/** A file that was named and cannot be read ends the start: pulls would fail later, for no visible reason. */
function readCertificates(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The certificates in ${file} (PUNA_CA_FILE or SSL_CERT_FILE) cannot be read: ${reason}`, {
      cause: error,
    });
  }
}
