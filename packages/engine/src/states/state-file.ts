import { createHash } from "node:crypto";
import type { SavedSequence } from "../slots/state-cache.ts";

/** First bytes of every file; the last two tell the version of the format. */
const magic = new TextEncoder().encode("PUNAST01");
const lengthBytes = 4;
const tokenBytes = 4;
const digestBytes = 32;
/** A header names a few checkpoints; more than this is no header of ours. */
const maxHeaderBytes = 65_536;

interface Header {
  /** Of model and settings. */
  readonly identity: string;
  readonly tokens: number;
  readonly state: number;
  readonly checkpoints: readonly { readonly from: number; readonly to: number; readonly bytes: number }[];
}

/** The beginning of a state file: what it knows, without the state itself. */
export interface StateFileHead {
  readonly identity: string;
  readonly tokens: readonly number[];
}

/**
 * A saved sequence as bytes: magic, length of the header, header in JSON, tokens, state, checkpoints, and the
 * SHA-256 of all that stands before it. Numbers are little-endian.
 */
export function* encodeStateFile(identity: string, sequence: SavedSequence): Iterable<Uint8Array> {
  const { tokens, state, checkpoints } = sequence;
  const header: Header = {
    identity,
    tokens: tokens.length,
    state: state.length,
    checkpoints: checkpoints.map(({ from, to, state: { length } }) => ({ from, to, bytes: length })),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = new Uint8Array(magic.length + lengthBytes + text.length + tokens.length * tokenBytes);
  const view = new DataView(start.buffer);
  start.set(magic);
  view.setUint32(magic.length, text.length, true);
  start.set(text, magic.length + lengthBytes);
  const at = magic.length + lengthBytes + text.length;
  for (const [index, token] of tokens.entries()) view.setInt32(at + index * tokenBytes, token, true);
  const hash = createHash("sha256");
  for (const part of [start, state, ...checkpoints.map((checkpoint) => checkpoint.state)]) {
    hash.update(part);
    yield part;
  }
  yield hash.digest();
}

/**
 * Reads the tokens of a file without its states.
 * @param read  gives so many bytes from the start of the file, fewer at its end
 * @param fileBytes  length of the file, which must be what its header says
 * @returns undefined for what is no whole file of this format
 */
export function readStateFileHead(
  read: (bytes: number) => Uint8Array,
  fileBytes: number,
): StateFileHead | undefined {
  const start = magic.length + lengthBytes;
  const parsed = parseHeader(read(start + maxHeaderBytes));
  if (parsed === undefined) return undefined;
  const { header, end } = parsed;
  const bodyEnd = header.checkpoints.reduce(
    (sum, { bytes }) => sum + bytes,
    end + header.tokens * tokenBytes + header.state,
  );
  if (bodyEnd + digestBytes !== fileBytes) return undefined;
  const bytes = read(end + header.tokens * tokenBytes);
  return { identity: header.identity, tokens: readTokens(bytes, end, header.tokens) };
}

/** @returns undefined for what is damaged, or of another identity */
export function decodeStateFile(identity: string, bytes: Uint8Array): SavedSequence | undefined {
  const head = readStateFileHead((count) => bytes.subarray(0, count), bytes.length);
  const parsed = parseHeader(bytes);
  if (head === undefined || parsed === undefined || head.identity !== identity) return undefined;
  const body = bytes.subarray(0, bytes.length - digestBytes);
  const digest = createHash("sha256").update(body).digest();
  if (!digest.equals(bytes.subarray(body.length))) return undefined;
  const { header, end } = parsed;
  let at = end + header.tokens * tokenBytes;
  const take = (length: number) => {
    const part = bytes.subarray(at, at + length);
    at += length;
    return part;
  };
  const state = take(header.state);
  const checkpoints = header.checkpoints.map(({ from, to, bytes: length }) => ({
    from,
    to,
    state: take(length),
  }));
  return { tokens: head.tokens, state, checkpoints };
}

function parseHeader(bytes: Uint8Array): { readonly header: Header; readonly end: number } | undefined {
  const start = magic.length + lengthBytes;
  if (bytes.length < start || magic.some((byte, index) => bytes[index] !== byte)) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(magic.length, true);
  if (length > maxHeaderBytes || bytes.length < start + length) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes.subarray(start, start + length)));
  } catch {
    return undefined; // Not JSON: not a file of ours.
  }
  return isHeader(value) ? { header: value, end: start + length } : undefined;
}

function isHeader(value: unknown): value is Header {
  if (typeof value !== "object" || value === null) return false;
  const { identity, tokens, state, checkpoints } = value as Partial<Record<keyof Header, unknown>>; // Each is looked at.
  return (
    typeof identity === "string" &&
    isCount(tokens) &&
    isCount(state) &&
    Array.isArray(checkpoints) &&
    checkpoints.every((entry: unknown) => {
      if (typeof entry !== "object" || entry === null) return false;
      const { from, to, bytes } = entry as Partial<Record<"from" | "to" | "bytes", unknown>>; // Each is looked at.
      return Number.isSafeInteger(from) && isCount(to) && to <= tokens && isCount(bytes);
    })
  );
}

/** No model has so long a context, and no file so many bytes. */
function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value < 2 ** 40;
}

function readTokens(bytes: Uint8Array, at: number, count: number): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: count }, (_, index) => view.getInt32(at + index * tokenBytes, true));
}
