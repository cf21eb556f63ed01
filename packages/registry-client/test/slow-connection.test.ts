import { randomBytes } from "node:crypto";
import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { expect, test } from "vitest";
import { createRegistryClient } from "../src/index.ts";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";
import { outcome } from "./support.ts";

test.each([false, true])(
  "one slow connection does not hold up a pull (silent: %s): its part is taken by others",
  async (silent) => {
    await using registry = await startLoopbackRegistry();
    await using temporary = await openTemporaryStore();
    const weights = randomBytes(12_000_000);
    const { digest } = publishModel(registry, weights);
    let slowed = false;
    const timers: NodeJS.Timeout[] = [];
    registry.intercept = (request, response) => {
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
      if (request.url?.endsWith(digest) !== true || range === null || Number(range[1]) === 0 || slowed)
        return false;
      slowed = true;
      const [start, end] = [Number(range[1]), Number(range[2]) + 1];
      response.writeHead(206, {
        "content-length": end - start,
        "content-range": `bytes ${start}-${end - 1}/${weights.length}`,
      });
      let at = start;
      // Then one that sends nothing at all.
      if (silent) return true;
      // 100 kB a second: the part alone would take most of a minute.
      timers.push(
        setInterval(() => {
          if (response.destroyed || at >= end) return;
          response.write(weights.subarray(at, Math.min(at + 10_000, end)));
          at += 10_000;
        }, 100),
      );
      return true;
    };
    await using client = createRegistryClient({ store: temporary.store });
    const begun = Date.now();
    const { error } = await outcome(
      client.pull(ModelName.parse(`${registry.host}/library/m`), { insecure: true }),
    );
    for (const timer of timers) clearInterval(timer);
    expect(error).toBeUndefined();
    expect(slowed).toBe(true);
    expect(Date.now() - begun).toBeLessThan(8_000);
    expect(weights.equals(await temporary.store.blobs.readBytes(digest))).toBe(true);
  },
);
