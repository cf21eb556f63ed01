import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { SavedSequence } from "../src/slots/state-cache.ts";
import { DiskStates, type DiskStatesOptions } from "../src/states/disk-states.ts";
import { pruneStates } from "../src/states/prune-states.ts";
import { decodeStateFile, encodeStateFile } from "../src/states/state-file.ts";

const identity = "a".repeat(64);
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "puna-states-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (changes: Partial<DiskStatesOptions> = {}) =>
  new DiskStates({
    folder,
    maxBytes: 1_000_000,
    identity,
    vocabularySize: 1000,
    contextTokens: 500,
    now: Date.now,
    ...changes,
  });
const sequence = (seed: number, length = 100, bytes = 2_000): SavedSequence => ({
  tokens: Array.from({ length }, (_, index) => (index * 7 + seed) % 1000),
  state: new Uint8Array(bytes).fill(seed),
  checkpoints: [{ from: -1, to: 40, state: new Uint8Array(30).fill(seed + 1) }],
});
const anything = { atLeast: 1, maxBytes: 1_000_000 };
const files = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
const bytesOf = (saved: SavedSequence) =>
  new Uint8Array(Buffer.concat([...encodeStateFile(identity, saved)]));

it("gives back what another process saved, once, and leaves no file behind", () => {
  open().save([sequence(1), sequence(2)]);
  expect(files()).toHaveLength(2);
  const states = open();
  expect(states.take([...sequence(2).tokens, 5, 6], anything)).toEqual(sequence(2));
  expect(states.take(sequence(2).tokens, anything)).toBeUndefined();
  expect(files()).toHaveLength(1);
  expect(states.take(sequence(1).tokens, { ...anything, atLeast: 101 })).toBeUndefined();
  expect(states.take(sequence(1).tokens, { ...anything, maxBytes: 2_000 })).toBeUndefined();
  expect(states.take(sequence(1).tokens, anything)).toEqual(sequence(1));
});

it("keeps what people wrote from other users", () => {
  open().save([sequence(1)]);
  const [path = ""] = files();
  expect(statSync(path).mode % 0o1000).toBe(0o600);
  expect(statSync(join(folder, identity)).mode % 0o1000).toBe(0o700);
});

it("finds nothing of another model or other settings", () => {
  open().save([sequence(1)]);
  const other = "b".repeat(64);
  expect(open({ identity: other }).take(sequence(1).tokens, anything)).toBeUndefined();
  // Not even where somebody put it into the other's folder.
  mkdirSync(join(folder, other));
  const [path = ""] = files();
  writeFileSync(join(folder, other, "x.state"), readFileSync(path));
  expect(open({ identity: other }).take(sequence(1).tokens, anything)).toBeUndefined();
  expect(files()).toEqual([path]);
});

it("ignores and removes files with any byte changed or any length cut", () => {
  const good = bytesOf(sequence(3, 60, 50));
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, by, isCut) => {
      const bad = isCut ? good.subarray(0, at) : good.slice();
      if (!isCut) bad[at] = ((bad[at] ?? 0) + by) % 256;
      expect(decodeStateFile(identity, bad)).toBeUndefined();
      const target = join(folder, identity);
      mkdirSync(target, { recursive: true });
      writeFileSync(join(target, "bad.state"), bad);
      expect(open().take(sequence(3, 60, 50).tokens, anything)).toBeUndefined();
    }),
    { numRuns: 150 },
  );
  expect(decodeStateFile(identity, good)).toEqual(sequence(3, 60, 50));
});

it("removes links, folders and impossible headers, and never follows a link", () => {
  const target = join(folder, identity);
  const secret = join(folder, "secret");
  mkdirSync(join(target, "folder.state"), { recursive: true });
  writeFileSync(secret, bytesOf(sequence(4)));
  symlinkSync(secret, join(target, "link.state"));
  const header = (value: object) => {
    const text = Buffer.from(JSON.stringify(value));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    return Buffer.concat([Buffer.from("PUNAST01"), length, text, Buffer.alloc(64)]);
  };
  const hostile = [
    header({ identity, tokens: 1e300, state: 0, checkpoints: [] }),
    header({ identity, tokens: -1, state: 36, checkpoints: [] }),
    header({ identity, tokens: 0, state: 32, checkpoints: [{ from: 0, to: 9, bytes: 0 }] }),
    header({ identity, tokens: 8, state: 0, checkpoints: "none" }),
    Buffer.from("PUNAST01\xff\xff\xff\xff"),
    Buffer.from("GGUF"),
    Buffer.alloc(0),
  ];
  for (const [index, bytes] of hostile.entries()) writeFileSync(join(target, `${index}.state`), bytes);
  expect(open().take(sequence(4).tokens, anything)).toBeUndefined();
  expect(files()).toEqual([secret]);
});

it("takes no tokens for its own that the model does not know, and none beyond the context", () => {
  open().save([sequence(1), sequence(2, 400)]);
  expect(open({ contextTokens: 300 }).take(sequence(2, 400).tokens, anything)).toBeUndefined();
  expect(open({ vocabularySize: 500 }).take(sequence(1).tokens, anything)).toBeUndefined();
  expect(files()).toEqual([]);
});

it("keeps what is too long for the context of now for a larger one", () => {
  open().save([sequence(2, 400)]);
  expect(open({ contextTokens: 300 }).take(sequence(2, 400).tokens, anything)).toBeUndefined();
  expect(open().take(sequence(2, 400).tokens, anything)).toEqual(sequence(2, 400));
});

it("never holds more than it may, and lets the oldest go first", () => {
  const old = open({ identity: "c".repeat(64) });
  old.save([sequence(1), sequence(2)]);
  for (const path of files()) utimesSync(path, 1, 1);
  open({ maxBytes: 6_000 }).save([sequence(5), sequence(6), sequence(7, 100, 9_000)]);
  expect(files().reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThanOrEqual(6_000);
  const states = open();
  expect(states.take(sequence(5).tokens, anything)).toEqual(sequence(5));
  expect(states.take(sequence(6).tokens, anything)).toEqual(sequence(6));
  expect(states.take(sequence(7).tokens, anything)).toBeUndefined();
});

it("lets what was used last go last, also among those saved together", () => {
  open().save([sequence(1), sequence(2), sequence(3)]);
  pruneStates(folder, { maxBytes: 3_500, now: Date.now });
  expect(files()).toHaveLength(1);
  expect(open().take(sequence(1).tokens, anything)).toEqual(sequence(1));
});

it("clears away what a crash left half written, and touches nothing that is not its own", () => {
  open().save([sequence(1)]);
  const part = join(folder, identity, "x.part");
  writeFileSync(part, "half");
  const foreign = [join(folder, "notes.txt"), join(folder, identity, "notes.txt"), join(folder, "other")];
  for (const path of foreign) writeFileSync(path, "mine");
  pruneStates(folder, { maxBytes: 1e6, now: Date.now });
  expect(files()).toContain(part);
  pruneStates(folder, { maxBytes: 0, now: () => Date.now() + 7_200_000 });
  expect(files().toSorted()).toEqual(foreign.toSorted());
});

it("saves what there is time for, the first ones first", () => {
  let now = 0;
  open({ now: () => (now += 900) }).save([1, 2, 3, 4, 5].map((seed) => sequence(seed)));
  const states = open();
  expect(states.take(sequence(1).tokens, anything)).toBeDefined();
  expect(states.take(sequence(5).tokens, anything)).toBeUndefined();
});

it("lives without its folder", () => {
  writeFileSync(join(folder, "file"), "");
  const states = open({ folder: join(folder, "file") });
  states.save([sequence(1)]);
  expect(states.take(sequence(1).tokens, anything)).toBeUndefined();
});

it("forgets a file that changes after it was found", () => {
  open().save([sequence(1)]);
  const states = open();
  expect(states.take(sequence(9).tokens, { ...anything, atLeast: 90 })).toBeUndefined();
  const [path = ""] = files();
  truncateSync(path, 1_000);
  expect(states.take(sequence(1).tokens, anything)).toBeUndefined();
  expect(files()).toEqual([]);
});
