import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { publicPackages } from "./support/packed-packages.ts";
import { root } from "./support/source-files.ts";

const folder = join(root, ".changeset");
const notes = readdirSync(folder).filter((file) => file.endsWith(".md") && file !== "README.md");
const names = publicPackages().map(({ name }) => name);

describe.each(notes)("%s", (file) => {
  it("names published packages and says what users gain", () => {
    const [, header = "", text = ""] = readFileSync(join(folder, file), "utf8").split(/^---$/m);
    const bumps = [...header.matchAll(/^"(.+)": (patch|minor|major)$/gm)];
    expect(bumps.length).toBe(header.trim().split("\n").length);
    for (const [, name] of bumps) expect(names).toContain(name);
    expect(text.trim()).toMatch(/^[A-Z]\w+/);
  });
});
