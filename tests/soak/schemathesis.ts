// Asks everything that `/openapi.json` describes, in every shape that its schemas allow and in shapes they forbid:
// `npm run soak -- schemathesis [--seconds N] [--seed S]`. The server is the whole one, with a real model and a store of
// its own; nothing outside this machine is reached. Ends with 1 when an answer breaks the description.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
// A script without types.
import { cacheDir, fetchModel } from "../../scripts/model-files.mjs";
import { puna } from "../support/processes.ts";
import { startSoakServer } from "./soak-server.ts";

const version = "4.32.5";
const model = "gemma3:270m";
const keyName = "soak";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "600" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    /** Only operations whose path matches. */
    path: { type: "string" },
  },
});

const program = installSchemathesis();
const folder = mkdtempSync(join(tmpdir(), "puna-schemathesis-"));
let status = 1;
try {
  const file = await fetchModel("gemma", { log: (line: string) => console.log(line) });
  // Whatever a model name may lead to: the way out is a port on which nobody listens.
  const nowhere = { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9", NO_PROXY: "" };
  const modelsDir = join(folder, "models");
  await using server = await startSoakServer(folder, modelsDir, nowhere);
  const modelfile = join(folder, "Modelfile");
  writeFileSync(modelfile, `FROM ${file}\nPARAMETER num_ctx 512\nPARAMETER num_predict 4\n`);
  const created = await puna(["create", model, "-f", modelfile], {
    PATH: process.env["PATH"],
    HOME: folder,
    OLLAMA_HOST: server.url,
  });
  if (created.code !== 0) throw new Error(`${model} could not be created: ${created.stderr}`);
  const key = await ownKey(server.url);
  status = attack(server.url, key);
  console.log(await answers(server.url, key));
  console.log(slowest(join(folder, "home", "logs", "server.log")));
  const alive = await fetch(`${server.url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
  if (!alive) {
    status = 1;
    console.log(`The server did not survive: ${server.output()}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status);

/** One key that may do everything: the first key that is made at random would shut everybody else out. */
async function ownKey(url: string): Promise<string> {
  const body = JSON.stringify({ name: keyName, scopes: ["infer", "embed", "manage", "admin"] });
  const answer: unknown = await (await fetch(`${url}/api/puna/keys`, { method: "POST", body })).json();
  if (typeof answer === "object" && answer !== null && "key" in answer && typeof answer.key === "string")
    return answer.key;
  throw new Error(`no key could be made: ${JSON.stringify(answer)}`);
}

function attack(url: string, key: string): number {
  const config = join(folder, "schemathesis.toml");
  writeFileSync(
    config,
    `[checks.not_a_server_error]
# What the description names: not with this engine, another server's fault, too much to do, too slow.
expected-statuses = ["2XX", "3XX", "4XX", 501, 502, 503, 504]
`,
  );
  const { status: code } = spawnSync(
    program,
    [
      `--config-file=${config}`,
      "run",
      `${url}/openapi.json`,
      "--checks=not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance",
      "--phases=examples,coverage,fuzzing",
      "--continue-on-failure",
      "--workers=1",
      `--header=Authorization: Bearer ${key}`,
      "--request-timeout=60",
      "--suppress-health-check=all",
      "--warnings=off",
      "--no-color",
      `--max-time=${values.seconds}`,
      `--seed=${values.seed}`,
      ...(values.path === undefined ? [] : [`--include-path-regex=${values.path}`]),
    ],
    {
      cwd: folder,
      stdio: "inherit",
      env: {
        PATH: process.env["PATH"],
        HOME: folder,
        PYTHONPATH: fileURLToPath(new URL(".", import.meta.url)),
        PYTHONDONTWRITEBYTECODE: "1",
        SCHEMATHESIS_HOOKS: "schemathesis_hooks",
        PUNA_SOAK_MODEL: model,
        PUNA_SOAK_KEY_NAME: keyName,
      },
    },
  );
  return code ?? 1;
}

/** What each route answered, from the server's own count: a run in which a route never succeeds proves little of it. */
async function answers(url: string, key: string): Promise<string> {
  const metrics = await (
    await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${key}` } })
  ).text();
  const routes = new Map<string, string[]>();
  let total = 0;
  for (const [, route = "", status = "", count = ""] of metrics.matchAll(
    /^puna_http_requests_total\{route="([^"]*)",status="(\d+)"\} (\d+)$/gm,
  )) {
    total += Number(count);
    routes.set(route, [...(routes.get(route) ?? []), `${status} × ${count}`]);
  }
  const lines = [...routes].map(([route, counts]) => `${route.padEnd(40)} ${counts.sort().join(", ")}`);
  return `${lines.sort().join("\n")}\n${total} requests, seed ${values.seed}`;
}

/** The requests that took longest, of what is left of the server's log. */
function slowest(log: string): string {
  const requests = readFileSync(log, "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, ms] = /"ms":([\d.]+)/.exec(line) ?? [];
      return ms === undefined ? [] : [{ ms: Number(ms), line }];
    })
    .sort((left, right) => right.ms - left.ms);
  return requests
    .slice(0, 5)
    .map(({ line }) => line)
    .join("\n");
}

/** In an environment of its own, kept between runs. @returns path of the program */
function installSchemathesis(): string {
  const environment = join(dirname(cacheDir()), `schemathesis-${version}`);
  const installed = join(environment, "bin/schemathesis");
  if (existsSync(installed)) return installed;
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ["python3", ["-m", "venv", environment]],
    [join(environment, "bin/python"), ["-m", "pip", "install", "--quiet", `schemathesis==${version}`]],
  ];
  for (const [command, args] of steps) {
    const { status: code } = spawnSync(command, args, { stdio: "inherit" });
    if (code === 0) continue;
    rmSync(environment, { recursive: true, force: true });
    throw new Error(`schemathesis could not be installed: ${command} ${args.join(" ")} ended with ${code}`);
  }
  return installed;
}
