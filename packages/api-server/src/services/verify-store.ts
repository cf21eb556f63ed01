import { createHash } from "node:crypto";
import type { Dependencies } from "../dependencies.ts";

/** One line for each blob as it is checked, then the sum. */
export type VerifyLine =
  | { readonly digest: string; readonly size: number; readonly ok: boolean; readonly found?: string }
  | { readonly status: "success" | "damaged"; readonly checked: number; readonly damaged: number };

/** Reads every blob and compares its content with its name. */
export async function* verifyStore({ store }: Dependencies, signal: AbortSignal): AsyncGenerator<VerifyLine> {
  let [checked, damaged] = [0, 0];
  for (const { digest, size } of await store.blobs.list()) {
    signal.throwIfAborted();
    const hash = createHash("sha256");
    for await (const chunk of await store.blobs.stream(digest)) hash.update(chunk);
    const found = `sha256:${hash.digest("hex")}`;
    checked++;
    if (found !== digest) damaged++;
    yield { digest, size, ok: found === digest, ...(found !== digest && { found }) };
  }
  yield { status: damaged === 0 ? "success" : "damaged", checked, damaged };
}
