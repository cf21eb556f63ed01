import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "vitest";

const folder =
  process.env["PUNA_VECTORS"] ?? fileURLToPath(new URL("../../../../shared/vectors", import.meta.url));

/**
 * Declares one test over recorded cases; prints how many ran.
 * Without the recordings it is skipped with a reason, under CI=true it fails.
 */
export function testVectors<TCase>(
  title: string,
  file: string,
  check: (vector: TCase) => void | Promise<void>,
  describe: () => string = () => "",
): void {
  const path = `${folder}/${file}`;
  const missing = !existsSync(path);
  if (missing && process.env["CI"] !== "true") {
    test.skip(`${title} (skipped: no recordings at ${path}; set PUNA_VECTORS)`, () => {});
    return;
  }
  test(title, async () => {
    const { cases }: { cases: TCase[] } = JSON.parse(readFileSync(path, "utf8"));
    if (cases.length === 0) throw new Error(`${path} holds no case`);
    for (const vector of cases) await check(vector);
    console.info(`${file}: ${cases.length} of ${cases.length} cases agree ${describe()}`);
  });
}
