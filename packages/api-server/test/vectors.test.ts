import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { deviations } from "./vectors/deviations.ts";
import { envOptions } from "./vectors/env-options.ts";
import { openFixtureServer } from "./vectors/fixture-server.ts";
import { runCase } from "./vectors/run-case.ts";
import { hasVectors, readCases, vectorsFolder } from "./vectors/vector-files.ts";

const wanted = process.env["PUNA_VECTOR_CASE"];

if (!hasVectors && process.env["CI"] === "true") throw new Error(`recordings are missing: ${vectorsFolder}`);

describe.skipIf(!hasVectors)("recorded HTTP exchanges", () => {
  const counts = new Map<string, { passed: number; total: number; skipped: number }>();

  afterAll(() => {
    for (const [file, { passed, total, skipped }] of counts) {
      const rest = skipped > 0 ? `, ${skipped} need model files that are not here` : "";
      process.stdout.write(`${file}: ${passed} of ${total} cases${rest}\n`);
    }
  });

  for (const folder of hasVectors ? ["http", "http-scripted", "http-env"] : []) {
    const files = readdirSync(join(vectorsFolder, folder)).filter((name) => name.endsWith(".json"));
    for (const file of files) {
      const path = `${folder}/${file}`;
      const cases = readCases(path).filter(({ id }) => wanted === undefined || id.includes(wanted));
      if (cases.length === 0) continue;

      it(`answers ${path} as recorded`, { timeout: 300_000 }, async () => {
        const failures: string[] = [];
        const count = { passed: 0, total: 0, skipped: 0 };
        counts.set(path, count);
        for (const vector of cases) {
          const { server, engine } = envOptions(vector.env ?? {});
          if (vector.server_exit !== undefined) {
            const refusal = (vector.stderr_line ?? "").replace(/^panic: /, "");
            await expect(openFixtureServer(server, engine), vector.id).rejects.toThrow(refusal);
            count.total++;
            count.passed++;
            continue;
          }
          await using fixture = await openFixtureServer(server, engine);
          const differences = await runCase(fixture, vector);
          if (differences === undefined) {
            count.skipped++;
            continue;
          }
          count.total++;
          if (differences.length === 0) count.passed++;
          else if (deviations[vector.id] === undefined)
            failures.push(`${vector.id}\n  ${differences.join("\n  ")}`);
        }
        expect(failures.join("\n")).toBe("");
      });
    }
  }
});
