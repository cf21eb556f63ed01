import { readFileSync } from "node:fs";
import { isErrno } from "../errno.ts";
import type { ByteRange } from "../store.ts";

/**
 * Which ranges of a staged file are finished: a header line, then `start end` lines, and `s n` where a sync made
 * the first n of them lasting. Appended without a sync of its own: if the system has not restarted since (same
 * `boot`), the page cache has every line and every byte; else only what a sync covered is believed. A wrong
 * belief costs a download, never a wrong blob, since the whole is hashed before it gets its name.
 */
export interface JournalState {
  readonly ranges: readonly ByteRange[];
}

export function printJournalHeader(sizeBytes: number, boot: string): string {
  return `${JSON.stringify({ version: 1, sizeBytes, boot })}\n`;
}

export function printJournalRange(range: ByteRange): string {
  return `${range.start} ${range.end}\n`;
}

export function printJournalSync(rangeCount: number): string {
  return `s ${rangeCount}\n`;
}

/** @returns undefined when there is no journal, or it belongs to a file of another size or another format */
export function readJournal(path: string, sizeBytes: number, boot: string): JournalState | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
  return parseJournal(text, sizeBytes, boot);
}

function parseJournal(text: string, sizeBytes: number, boot: string): JournalState | undefined {
  // What follows the last line feed was cut off by a crash.
  const [header = "", ...lines] = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  const sameBoot = readHeader(header, sizeBytes, boot);
  if (sameBoot === undefined) return undefined;
  const ranges: ByteRange[] = [];
  let lasting = 0;
  for (const line of lines) {
    const sync = /^s (\d+)$/.exec(line);
    if (sync !== null) lasting = Number(sync[1]);
    const match = /^(\d+) (\d+)$/.exec(line);
    if (match !== null) ranges.push({ start: Number(match[1]), end: Number(match[2]) });
  }
  const believed = ranges.slice(0, sameBoot ? ranges.length : lasting);
  return { ranges: believed.filter((range) => range.start < range.end && range.end <= sizeBytes) };
}

function readHeader(line: string, sizeBytes: number, boot: string): boolean | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return undefined;
    if (!("version" in value && value.version === 1)) return undefined;
    if (!("sizeBytes" in value && value.sizeBytes === sizeBytes)) return undefined;
    return boot !== "" && "boot" in value && value.boot === boot;
  } catch {
    return undefined;
  }
}
