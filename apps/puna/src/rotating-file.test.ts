import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RotatingFile } from "./rotating-file.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "puna-log-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("RotatingFile", () => {
  it("writes lines soon after they came, for its owner's eyes", async () => {
    using file = new RotatingFile(join(folder, "logs", "server.log"));
    file.write("one\n");
    file.write("two\n");
    const path = join(folder, "logs", "server.log");
    await expect.poll(() => readFileSync(path, "utf8")).toBe("one\ntwo\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("puts the file aside before it grows too long, and keeps so many", () => {
    const path = join(folder, "server.log");
    writeFileSync(path, "0123456789\n");
    using file = new RotatingFile(path, { maxBytes: 20, keep: 2 });
    for (const line of ["a", "b", "c", "d"]) {
      file.write(`${line.repeat(12)}\n`);
      file.flush();
    }
    expect(readdirSync(folder).sort()).toEqual(["server-1.log", "server-2.log", "server.log"]);
    const letters = ["server.log", "server-1.log", "server-2.log"].map(
      (name) => readFileSync(join(folder, name), "utf8")[0],
    );
    expect(letters).toEqual(["d", "c", "b"]);
  });

  it("lets nobody suffer where it cannot write", () => {
    writeFileSync(join(folder, "logs"), "a file, not a folder");
    using file = new RotatingFile(join(folder, "logs", "server.log"));
    file.write("lost\n");
    expect(() => file.flush()).not.toThrow();
  });
});
