import type { NameParts } from "@puna/blob-store";
import type { RegistryClientOptions } from "./client-options.ts";
import { RegistryError } from "./errors.ts";
import { type AddressKind, addressKind, listsHost, mayConnect } from "./http/address-guard.ts";
import { Authorizer } from "./http/authorizer.ts";
import { type Resolve, resolveBySystem } from "./http/guarded-connector.ts";
import type { ConnectionGuard, HttpTransport } from "./http/http-transport.ts";
import { RegistryApi } from "./http/registry-api.ts";

/** Hosts that say one thing in names and listen under another. */
const apiHosts: Readonly<Record<string, string>> = { "docker.io": "registry-1.docker.io" };

/**
 * Prepares requests to the registry of a name, with the guard its own place calls for.
 * @throws RegistryError `INSECURE` for `http://` without leave, `TARGET_REFUSED` for a registry that is not allowed
 */
export async function connectRegistry(
  name: NameParts & { readonly scheme?: string },
  options: RegistryClientOptions,
  { transport, insecure }: { readonly transport: HttpTransport; readonly insecure: boolean },
): Promise<RegistryApi> {
  if (name.scheme === "http" && !insecure) throw new RegistryError("INSECURE", "insecure protocol http");
  const base = URL.parse(`${insecure ? "http" : "https"}://${apiHosts[name.host] ?? name.host}`);
  if (base === null || base.host === "")
    throw new RegistryError("UNREACHABLE", `${name.host} is no host name`);
  const guard = await guardFor(base, name.host, options);
  const userAgent = options.userAgent ?? "puna";
  const authorizer = new Authorizer(base, {
    transport,
    userAgent,
    signer: async () => await options.identity?.(),
    findCredentials: options.credentials ?? (async () => undefined),
    realms: options.realms ?? {},
    now: Date.now,
  });
  return new RegistryApi({
    base,
    repository: `${name.namespace}/${name.model}`,
    transport,
    authorizer,
    guard,
    userAgent,
  });
}

async function guardFor(base: URL, host: string, options: RegistryClientOptions): Promise<ConnectionGuard> {
  const { allowedRegistries, trustedHosts } = options.policy ?? {};
  if (allowedRegistries !== undefined && !listsHost(allowedRegistries, host)) {
    throw new RegistryError(
      "TARGET_REFUSED",
      `Registry ${host} is not among the allowed registries; add it to them to use it`,
    );
  }
  const registryKind = await hostKind(base.hostname, options.resolve ?? resolveBySystem);
  return {
    key: `${registryKind} ${(trustedHosts ?? []).join(" ")}`,
    check(target, address) {
      if (listsHost(trustedHosts, target) || mayConnect(addressKind(address), registryKind)) return;
      throw new RegistryError(
        "TARGET_REFUSED",
        `${target} is at a private or special address, and ${host} may not send this machine there; add it to the trusted hosts if it is yours`,
        { details: { host: target } },
      );
    },
  };
}

/** Only a name for this machine itself counts as loopback; a public name that resolves there does not. */
async function hostKind(hostname: string, resolve: Resolve): Promise<AddressKind> {
  const literal = addressKind(hostname);
  if (literal === "loopback") return "loopback";
  if (hostname !== "localhost" && !hostname.endsWith(".localhost")) return "public";
  const addresses = await resolve(hostname).catch(() => []);
  return addresses.length > 0 && addresses.every((address) => addressKind(address) === "loopback")
    ? "loopback"
    : "public";
}
