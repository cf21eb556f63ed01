import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./support/source-files.ts";

/** Every entry point that we promise to keep. Adding one is a minor release, removing one a major. */
const entries: Readonly<Record<string, readonly string[]>> = {
  "packages/protocol": [".", "./errors", "./framing", "./modelfile", "./schemas"],
  "packages/model-format": [".", "./gguf", "./go-template", "./grammar", "./testing"],
  "packages/blob-store": [".", "./testing"],
  "packages/registry-client": [".", "./testing"],
  "packages/engine": [".", "./runner", "./testing"],
  "packages/api-server": ["."],
  "packages/sdk": [".", "./node"],
  "packages/ai-provider": ["."],
  "packages/cli": ["."],
  "apps/puna": [".", "./package.json"],
};

describe.each(Object.entries(entries))("%s", (folder, names) => {
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));

  it("exports exactly the entries we promise", () => {
    expect(Object.keys(manifest.exports)).toEqual(names);
    expect(Object.keys(manifest.publishConfig.exports)).toEqual(names);
  });

  it("keeps the source condition out of what is published", () => {
    expect(JSON.stringify(manifest.publishConfig.exports)).not.toContain("@puna/source");
  });

  it("points every source entry at a file", () => {
    for (const entry of Object.values(manifest.exports)) {
      if (typeof entry === "object" && entry !== null && "@puna/source" in entry) {
        expect(existsSync(join(root, folder, String(entry["@puna/source"])))).toBe(true);
      }
    }
  });
});

it.each(["packages/protocol", "packages/sdk", "packages/ai-provider"])(
  "%s has a built root without Node built-ins",
  (folder) => {
    const built = join(root, folder, "dist/index.js");
    expect(existsSync(built), `${built} is missing: run the build first`).toBe(true);
    const seen = new Set<string>();
    const queue = [built];
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      const text = readFileSync(file, "utf8");
      expect(text).not.toMatch(/["']node:/);
      for (const match of text.matchAll(/from\s*["'](\.[^"']+)["']/g))
        queue.push(join(file, "..", match[1] ?? ""));
    }
  },
);
