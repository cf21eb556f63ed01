import { openTemporaryStore } from "@puna/blob-store/testing";
import { ModelName } from "@puna/protocol";
import { describe, expect, test } from "vitest";
import { createRegistryClient } from "../src/index.ts";
import { publishModel, startLoopbackRegistry } from "../src/testing/index.ts";
import {
  describeRecorded,
  descriptorsOf,
  type RecordedCase,
  startReplayRegistry,
} from "./replay-registry.ts";
import { haveVectors, messageOf, outcome, readVectors } from "./support.ts";

// Where Ollama fails, or succeeds with something useless, and we do better on purpose.
const succeedsHere = /^(pull\/redirect-(other-port|301|302|303|308)|docker\/pull-direct)$/;
const refusedHere = /^pull\/manifest-(empty|index|wrongsize)$/;
// Recorded with the state of earlier pulls in the recorded process, or with its timing.
const timed = /^(pull\/(concurrent|cancel-resume|stall)|.*concurrent)/;
// The recorded process repeats these for 30 s or six times with long waits; the order is the same, the count is not.
const repeated = /503|403|loop|500|reset|short|416/;

const recordings = haveVectors() ? readVectors<RecordedCase>("registry/scripted-registry.json").cases : [];
const realRegistry = haveVectors() ? readVectors<RecordedCase>("registry/docker-registry.json").cases : [];
// The others need a quarter of a gigabyte, TLS, or what earlier cases left behind.
const repeatable = /^docker\/(push-again|pull-unknown)$/;
const cases = [
  ...recordings.filter((recorded) => !timed.test(recorded.id)),
  ...realRegistry.filter((recorded) => repeatable.test(recorded.id)).map(withManifest),
];

/** Why the others are not replayed, and what shows the same instead. */
const leftOut: Readonly<Record<string, string>> = {
  "pull/concurrent": "depends on the moment: faults.test, two pulls at once",
  "pull/cancel-resume": "depends on the moment: faults.test, a cancelled pull",
  "docker/push-big": "needs the 253 MB file: the same requests in docker-registry.test and push-resume.test",
  "docker/push-noinsecure": "has no requests: below, without its wording of Go's TLS error",
  "docker/pull-cached": "its manifest is not in the recording: pull-and-push.test, pulls again",
  "docker/pull-direct": "Ollama fails here and we do not: docker-registry.test, pull into another store",
};

/** Recordings of the real registry show the pushed manifest only as it went over the wire. */
function withManifest(recorded: RecordedCase): RecordedCase {
  const pushed = recorded.registry_requests.find(({ method }) => method === "PUT")?.body_text;
  return pushed === undefined ? recorded : { ...recorded, local_manifest: JSON.parse(pushed) };
}

const withoutRepeats = (lines: readonly string[]) => lines.filter((line, index) => line !== lines[index - 1]);

/** The statuses that do not depend on time: Ollama shows a blob that comes quickly not at all. */
const steps = (lines: readonly (string | undefined)[]) =>
  lines.filter(
    (line): line is string => line !== undefined && !/^(pulling|pushing) [0-9a-f]{12}$/.test(line),
  );

describe.skipIf(cases.length === 0)("as recorded", () => {
  test.each(cases.map((recorded) => [recorded.id, recorded] as const))("%s", async (id, recorded) => {
    await using registry = await startReplayRegistry(recorded);
    await using temporary = await openTemporaryStore();
    const { store } = temporary;
    await using client = createRegistryClient({
      store,
      identity: async () => ({ publicKey: "key", sign: () => "signature" }),
      retry: { baseMs: 1, maxMs: 2 },
    });
    const errors: string[] = [];
    for (const { request, response } of recorded.calls) {
      const name = ModelName.parse(request.body.model.replace("<registry>", registry.host));
      const isPush = request.path === "/api/push";
      if (isPush && recorded.local_manifest !== undefined) {
        for (const bytes of registry.stand.values()) await store.blobs.putBytes(bytes);
        await store.manifests.write(name, registry.manifest(recorded.local_manifest));
      } else if (recorded.served_manifest?.layers !== undefined) {
        await keepWhatWasThere(recorded, registry, store);
      }
      const run = isPush ? client.push(name, { insecure: true }) : client.pull(name, { insecure: true });
      const { events, error } = await outcome(run);
      if (error !== undefined) errors.push(messageOf(error));
      const chunks = response.chunks_collapsed;
      if (chunks === undefined || succeedsHere.test(id) || refusedHere.test(id)) continue;
      expect(steps(events.map((event) => event.status))).toEqual(steps(chunks.map((chunk) => chunk.status)));
      const recordedError = chunks.at(-1)?.error;
      expect(error === undefined).toBe(recordedError === undefined);
      const sameText =
        recordedError !== undefined && !repeated.test(id.replace(/token-.*/, "")) && !id.includes("notjson");
      if (sameText && !id.includes("digest")) expect(messageOf(error)).toBe(recordedError);
      if (sameText && id.includes("digest"))
        expect(messageOf(error)).toContain("digest mismatch, file must be downloaded again: want sha256:");
    }
    if (succeedsHere.test(id)) {
      expect(errors).toEqual([]);
      return;
    }
    if (refusedHere.test(id)) {
      expect(errors.length).toBe(recorded.calls.length);
      expect(await store.manifests.list()).toEqual([]);
      return;
    }
    compareRequests(recorded, registry.seen);
  });

  test("docker/push-noinsecure: a registry without TLS is not spoken to in the clear unless asked", async () => {
    await using registry = await startLoopbackRegistry();
    await using temporary = await openTemporaryStore();
    publishModel(registry, Buffer.from("weights"));
    const name = ModelName.parse(`${registry.host}/library/m`);
    await using client = createRegistryClient({ store: temporary.store });
    await outcome(client.pull(name, { insecure: true }));
    registry.seen.length = 0;
    const { events, error } = await outcome(client.push(name));
    expect(events.map((event) => event.status)).toEqual(["retrieving manifest"]);
    expect(error).toMatchObject({ code: "UNREACHABLE" });
    expect(messageOf(error)).toMatch(
      /^HEAD https:\/\/127[^ ]*: server gave HTTP response to HTTPS client; a registry that speaks plain HTTP must be asked for as insecure \(--insecure\)$/,
    );
    expect(registry.seen).toEqual([]);
  });

  test("says how many recordings ran", () => {
    console.log(
      `registry recordings: ${cases.length} of ${recordings.length + realRegistry.length} replayed`,
    );
    const replayed = new Set(cases.map(({ id }) => id));
    for (const { id } of [...recordings, ...realRegistry].filter((recorded) => !replayed.has(recorded.id)))
      console.log(`not replayed: ${id} (${leftOut[id] ?? "unknown"})`);
    expect(cases.length).toBeGreaterThan(0);
  });
});

/** The recorded store had some of the blobs from before: those that the recording never asks for. */
async function keepWhatWasThere(
  recorded: RecordedCase,
  registry: Awaited<ReturnType<typeof startReplayRegistry>>,
  store: Awaited<ReturnType<typeof openTemporaryStore>>["store"],
): Promise<void> {
  if (recorded.served_manifest === undefined) return;
  const asked = recorded.registry_requests.map(describeRecorded).join("\n");
  const config = recorded.served_manifest.config.digest;
  for (const { digest } of descriptorsOf(recorded.served_manifest)) {
    const bytes = registry.stand.get(digest);
    if (
      bytes !== undefined &&
      (digest === config || !recorded.served_manifest.layers.some((layer) => layer.digest === digest)) &&
      !asked.includes(digest)
    ) {
      await store.blobs.putBytes(bytes);
    }
  }
}

/**
 * Same requests in the same order. The recorded process had uploaded some blobs before and did so no more; of
 * those it only asks whether they are there, so here their uploads are left out of the comparison.
 */
function compareRequests(
  recorded: RecordedCase,
  seen: readonly { readonly line: string; readonly isRecorded: boolean }[],
): void {
  const wanted = recorded.registry_requests.map(describeRecorded);
  if (repeated.test(recorded.id.replace(/token-.*/, ""))) {
    const kinds = (lines: readonly string[]) => withoutRepeats(lines).slice(0, 4);
    const recordedLines = seen.filter(({ isRecorded }) => isRecorded).map(({ line }) => line);
    expect(kinds(recordedLines)).toEqual(kinds(wanted));
    return;
  }
  expect(seen.filter(({ isRecorded }) => isRecorded).map(({ line }) => line)).toEqual(wanted);
  const others = seen.filter(({ isRecorded, line }) => !isRecorded && !line.includes("/uploads/"));
  expect(others).toEqual([]);
}
