// `npm run soak -- NAME [--seconds N] [--seed S]`: the long proofs, each a program of its own.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const soaks = {
  fuzz: "packages/model-format/soak/fuzz.ts",
  kill: "packages/registry-client/soak/kill.ts",
  chaos: "tests/soak/chaos.ts",
  constrained: "tests/soak/constrained.ts",
  gpu: "tests/soak/gpu.ts",
  nodes: "tests/soak/nodes.ts",
  schemathesis: "tests/soak/schemathesis.ts",
};

const [name, ...args] = process.argv.slice(2);
const file = soaks[name];
if (file === undefined || !existsSync(root + file)) {
  console.error(
    `usage: npm run soak -- ${Object.keys(soaks)
      .filter((key) => existsSync(root + soaks[key]))
      .join("|")} [--seconds N] [--seed S]`,
  );
  process.exit(1);
}
const { status } = spawnSync(process.execPath, ["--conditions=@puna/source", root + file, ...args], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
