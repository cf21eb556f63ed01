import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { printJournalHeader, printJournalRange, printJournalSync, readJournal } from "./journal.ts";

describe("the journal of a staged file", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "puna-journal-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const first = { start: 0, end: 10 };
  const second = { start: 50, end: 100 };
  const text =
    printJournalHeader(100, "boot-1") +
    printJournalRange(first) +
    printJournalSync(1) +
    printJournalRange(second);
  const read = (content: string, sizeBytes = 100, boot = "boot-1") => {
    const path = join(folder, "journal");
    writeFileSync(path, content);
    return readJournal(path, sizeBytes, boot)?.ranges;
  };

  test("is believed wholly while the system runs on", () => {
    expect(read(text)).toEqual([first, second]);
  });

  test("is believed up to the last sync after a restart of the system, or where nobody can tell", () => {
    expect(read(text, 100, "boot-2")).toEqual([first]);
    expect(read(text, 100, "")).toEqual([first]);
  });

  test("cut anywhere, it claims nothing that is not so", () => {
    for (let length = 0; length < text.length; length += 1) {
      const ranges = read(text.slice(0, length)) ?? [];
      for (const range of ranges) expect([first, second]).toContainEqual(range);
    }
  });

  test("of another size, another format or none is nothing", () => {
    expect(read(text, 101)).toBeUndefined();
    expect(read("{}\n0 10\n")).toBeUndefined();
    expect(readJournal(join(folder, "absent"), 100, "boot-1")).toBeUndefined();
  });

  test("ranges outside the file are left out", () => {
    expect(read(`${printJournalHeader(100, "boot-1")}90 110\n20 10\n-5 3\nx y\n`)).toEqual([]);
  });
});
