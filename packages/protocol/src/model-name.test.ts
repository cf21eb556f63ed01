import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ModelName } from "./model-name.ts";

describe("ModelName", () => {
  test("never accepts a name whose path could leave its folder", () => {
    const hostile = fc.array(fc.constantFrom(..."aZ9_-.:/\\~@%\u0000\n\u200b\u2025\uff0fKſ ".split("")), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(hostile, (input) => {
        const name = ModelName.parse(input.join(""));
        if (!name.isValid()) {
          expect(() => name.manifestPath).toThrow("invalid model name");
          expect(() => name.baseUrl).toThrow("invalid model name");
          return;
        }
        const parts = name.manifestPath.split("/");
        expect(parts).toHaveLength(4);
        for (const part of parts) expect(part).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/);
      }),
      { numRuns: 2000 },
    );
  });

  test("prints what parses to the same name", () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,20}$/);
    fc.assert(
      fc.property(part, part, part, part, (host, namespace, model, tag) => {
        const name = new ModelName({ scheme: "https", host, namespace, model, tag });
        expect(ModelName.parse(name.toString())).toEqual(name);
        expect(ModelName.parse(name.toShortString())).toEqual(name);
        expect(ModelName.fromManifestPath(name.manifestPath)).toEqual(name);
      }),
    );
  });

  test("refuses manifest paths with too few, too many or hostile parts", () => {
    for (const path of ["", "a/b/c", "a/b/c/d/e", "a/b/../d", "a//c/d", "a/b/c/.hidden", "a/b.c/d/e"]) {
      expect(ModelName.fromManifestPath(path), path).toBeUndefined();
    }
    expect(ModelName.fromManifestPath("h\\n\\m\\t")?.toString()).toBe("h/n/m:t");
  });

  test("cannot be changed", () => {
    const name = ModelName.parse("llama3");
    expect(Object.isFrozen(name)).toBe(true);
    expect(JSON.stringify({ name })).toBe('{"name":"registry.ollama.ai/library/llama3:latest"}');
  });

  test("compares without regard to case and scheme", () => {
    expect(
      ModelName.parse("Llama3").equalsIgnoringCase(
        ModelName.parse("http://registry.ollama.ai/library/llama3"),
      ),
    ).toBe(true);
    expect(ModelName.parse("llama3").equalsIgnoringCase(ModelName.parse("llama3:8b"))).toBe(false);
  });

  test("answers at once on a megabyte of text", () => {
    const started = process.cpuUsage();
    for (const text of ["a".repeat(1e6), "/".repeat(1e6), ":".repeat(1e6), "a/".repeat(5e5)]) {
      expect(ModelName.parse(text).isValid()).toBe(false);
    }
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(2000);
  });
});
