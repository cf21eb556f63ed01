import { type Descriptor, type NameParts, StoreError } from "@puna/blob-store";
import { ModelName, type ProgressResponse } from "@puna/protocol";
import { RegistryError } from "@puna/registry-client";
import type { Dependencies } from "../dependencies.ts";
import { toProgress } from "./transfer-model.ts";

/** A file of the store that is corrupt or missing. */
export interface DamagedFile {
  readonly digest: string;
  readonly size: number;
  readonly uses: readonly { readonly name: NameParts; readonly layer: Descriptor }[];
}

/** How the repair of one file ended. */
export type RepairLine =
  | { readonly digest: string; readonly repaired: true; readonly from: string }
  | { readonly digest: string; readonly repaired: false; readonly reason: string };

/**
 * Fetches a file again from one of the registries that may have it: those of the models that use it, then those
 * its layers say they came from. No manifest changes, even where the registry has another by now.
 */
export async function* repairFile(
  { registry }: Dependencies,
  { digest, uses }: DamagedFile,
  settings: {
    readonly insecure: boolean;
    readonly signal: AbortSignal;
    /** Of the models that are installed, in lower case. */
    readonly hosts: ReadonlySet<string>;
  },
): AsyncGenerator<ProgressResponse | RepairLine> {
  let reason = uses.length === 0 ? "no model uses it; prune removes it" : "";
  for (const { name, layer } of sourcesOf(uses, settings.hosts)) {
    for (const insecure of settings.insecure ? [false, true] : [false]) {
      // A registry on this machine speaks plain HTTP as a rule; trying it encrypted first would only take time.
      if (!insecure && settings.insecure && isOwnMachine(name.host)) continue;
      try {
        const options = { insecure, signal: settings.signal };
        for await (const event of registry.restore(name, [layer], options)) yield toProgress(event);
        yield { digest, repaired: true, from: new ModelName(name).toShortString() };
        return;
      } catch (error) {
        settings.signal.throwIfAborted();
        if (!RegistryError.is(error) && !StoreError.is(error)) throw error;
        reason = `${new ModelName(name).toShortString()}: ${error.message}`;
        if (error.code !== "UNREACHABLE") break;
      }
    }
  }
  yield { digest, repaired: false, reason };
}

/**
 * Each repository once. Where a layer says it came from stands in the manifest, which its registry wrote: it must
 * not make this machine ask hosts that nobody here ever named.
 */
function sourcesOf(uses: DamagedFile["uses"], hosts: ReadonlySet<string>): DamagedFile["uses"] {
  const sources = new Map<string, DamagedFile["uses"][number]>();
  const origins = uses.flatMap(({ layer }) => {
    const name = ModelName.parse(layer.from ?? "");
    const host = name.host.toLowerCase();
    const isKnown = host === ModelName.defaultHost || hosts.has(host);
    return name.isValid() && isKnown ? [{ name, layer }] : [];
  });
  for (const source of [...uses, ...origins]) {
    const { host, namespace, model } = source.name;
    const key = `${host}/${namespace}/${model}`.toLowerCase();
    if (!sources.has(key)) sources.set(key, source);
  }
  return [...sources.values()];
}

function isOwnMachine(host: string): boolean {
  return /^(localhost|127(\.\d+){3})(:\d+)?$/.test(host);
}
