import { totalMemory } from "@puna/engine";
import { ownFetch } from "../cli-context.ts";
import type { Config } from "../config.ts";
import { checkAddress } from "./check-address.ts";
import { checkEngine } from "./check-engine.ts";
import { checkHome, checkKeys } from "./check-home.ts";
import { checkMemory, checkNode } from "./check-machine.ts";
import { checkModelsFolder } from "./check-models-folder.ts";
import type { Finding } from "./finding.ts";

/** All checks, in the order in which one needs the other. Needs no server. */
export async function examine(
  config: Config,
  options: { readonly version: string; readonly verify: boolean },
): Promise<readonly Finding[]> {
  const { host, allowUnauthenticated, apiKey } = config;
  const keys = checkKeys(config.home);
  const total = totalMemory();
  const found = await Promise.all([
    checkNode(process.version, process.platform, process.arch),
    checkMemory({ total, available: Math.min(total, process.availableMemory()) }),
    checkEngine(config),
    checkModelsFolder(config.modelsDir, options),
    checkHome(config.home),
    ...(keys === undefined ? [] : [keys.finding]),
    checkAddress({
      host,
      ...ownFetch(config),
      allowUnauthenticated,
      apiKey,
      hasKeys: (keys?.count ?? 0) > 0,
      version: options.version,
    }),
  ]);
  return found.flat();
}
