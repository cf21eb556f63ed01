import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { commonPrefix } from "../slots/common-prefix.ts";
import { bytesOf, type SavedSequence } from "../slots/state-cache.ts";
import type { StateStore } from "../slots/state-store.ts";
import { pruneStates } from "./prune-states.ts";
import { decodeStateFile, encodeStateFile, readStateFileHead } from "./state-file.ts";

export interface DiskStatesOptions {
  /** Of all models; made when it is missing. What is in it can be thrown away at any time. */
  readonly folder: string;
  /** Of all models together. */
  readonly maxBytes: number;
  /** Of model and settings: sequences of another are not found. */
  readonly identity: string;
  /** Tokens that the model knows; sequences with others are none of its own. */
  readonly vocabularySize: number;
  readonly contextTokens: number;
  readonly now: () => number;
}

interface KnownFile {
  readonly path: string;
  readonly bytes: number;
  readonly tokens: readonly number[];
}

/** The process is to end: what is not on disk by then is lost. */
const saveTimeMs = 2_000;
const suffix = ".state";
const ownerOnly = { folder: 0o700, file: 0o600 } as const;

/**
 * Saved sequences on disk, one file each, in a folder for each model with its settings. They hold what people
 * wrote, so only their owner may read them. A file is removed as it is taken: what it holds goes back to
 * disk with the next unload, and one that ends the process does so once. All calls block; they are rare.
 */
export class DiskStates implements StateStore {
  readonly #options: DiskStatesOptions;
  readonly #folder: string;
  /** Read at the first question: a load does not wait for it. */
  #known: KnownFile[] | undefined;

  constructor(options: DiskStatesOptions) {
    this.#options = options;
    this.#folder = join(options.folder, options.identity);
  }

  take(
    prompt: readonly number[],
    { atLeast, maxBytes }: { readonly atLeast: number; readonly maxBytes: number },
  ): SavedSequence | undefined {
    this.#known ??= this.#readFolder();
    for (;;) {
      let best: { readonly file: KnownFile; readonly length: number } | undefined;
      for (const file of this.#known) {
        const length = commonPrefix(file.tokens, prompt);
        const isBetter = length >= atLeast && length > (best?.length ?? 0);
        if (isBetter && file.bytes + file.tokens.length * 8 <= maxBytes) best = { file, length };
      }
      if (best === undefined) return undefined;
      const { file } = best;
      this.#known = this.#known.filter((other) => other !== file);
      const sequence = this.#takeFile(file.path);
      if (sequence !== undefined) return sequence;
    }
  }

  save(sequences: Iterable<SavedSequence>): void {
    const { now, folder, maxBytes, identity } = this.#options;
    const begun = now();
    let left = maxBytes;
    let saved = 0;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: ownerOnly.folder });
      for (const sequence of sequences) {
        const size = bytesOf(sequence);
        if (size <= left) {
          // The first is the one that was used last; it must not be the first to be pruned.
          this.#write(encodeStateFile(identity, sequence), begun - saved);
          left -= size;
          saved += 1;
        }
        if (now() >= begun + saveTimeMs) break;
      }
    } catch (error) {
      // A full or read-only disk: there is less to be found again, and nothing else is wrong.
      if (!isSystemError(error)) throw error;
    } finally {
      pruneStates(folder, { maxBytes, now });
    }
  }

  #write(parts: Iterable<Uint8Array>, usedMs: number): void {
    const name = randomUUID();
    const temporary = join(this.#folder, `${name}.part`);
    const file = openSync(temporary, "wx", ownerOnly.file);
    try {
      for (const part of parts) {
        for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
      }
      futimesSync(file, usedMs / 1000, usedMs / 1000);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
    // Not flushed to the disk itself: what a power cut leaves half written, its digest gives away.
    renameSync(temporary, join(this.#folder, name + suffix));
  }

  #readFolder(): KnownFile[] {
    const known: KnownFile[] = [];
    for (const name of listFolder(this.#folder)) {
      if (!name.endsWith(suffix)) continue;
      const path = join(this.#folder, name);
      const file = withFile(path, (descriptor, bytes) => {
        const head = readStateFileHead((count) => readStart(descriptor, Math.min(count, bytes)), bytes);
        return head === undefined || !this.#isOurs(head) ? undefined : { path, bytes, tokens: head.tokens };
      });
      if (file === undefined) removeBad(path);
      // One that is too long for now may fit again when the model is loaded with a larger context.
      else if (this.#fits(file.tokens)) known.push(file);
    }
    return known;
  }

  #isOurs({ identity, tokens }: { readonly identity: string; readonly tokens: readonly number[] }): boolean {
    const { vocabularySize } = this.#options;
    return (
      identity === this.#options.identity && tokens.every((token) => token >= 0 && token < vocabularySize)
    );
  }

  #fits(tokens: readonly number[]): boolean {
    return tokens.length <= this.#options.contextTokens;
  }

  /** The file is gone afterwards, whatever was in it. */
  #takeFile(path: string): SavedSequence | undefined {
    const bytes = withFile(path, (descriptor, size) => {
      rmSync(path, { force: true });
      return readStart(descriptor, size);
    });
    const sequence = bytes && decodeStateFile(this.#options.identity, bytes);
    if (sequence === undefined || !this.#fits(sequence.tokens)) return undefined;
    return this.#isOurs({ identity: this.#options.identity, tokens: sequence.tokens }) ? sequence : undefined;
  }
}

/** @returns undefined when there is no plain file, or it cannot be read */
function withFile<TValue>(
  path: string,
  use: (descriptor: number, bytes: number) => TValue | undefined,
): TValue | undefined {
  let descriptor: number | undefined;
  try {
    // Never through a link, and without waiting for the writer of a pipe.
    descriptor = openSync(
      path,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
    const status = fstatSync(descriptor);
    return status.isFile() ? use(descriptor, status.size) : undefined;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Damaged, or no file at all. One that cannot be removed is ignored each time. */
function removeBad(path: string): void {
  try {
    rmSync(path, { force: true, recursive: true });
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

function readStart(descriptor: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let at = 0;
  while (at < count) {
    const read = readSync(descriptor, bytes, at, count - at, at);
    if (read === 0) break;
    at += read;
  }
  return bytes.subarray(0, at);
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return [];
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
