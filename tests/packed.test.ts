import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { root } from "./support/source-files.ts";

const folder = mkdtempSync(join(tmpdir(), "puna-packed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Uses each entry point once, as a project would that has nothing else of ours. */
const program = `
import { readGguf, bytesSource } from "@puna/model-format/gguf";
import { tinyLlama } from "@puna/model-format/testing";
import { GoMap, GoTemplate } from "@puna/model-format/go-template";
import { jsonSchemaToGbnf } from "@puna/model-format/grammar";
import { outputParserFamily, PromptTemplate } from "@puna/model-format";
import { ModelName } from "@puna/protocol";
import { parseModelfile } from "@puna/protocol/modelfile";

const template = PromptTemplate.parse("{{ range .Messages }}<{{ .Role }}>{{ .Content }}{{ end }}");
const parser = outputParserFamily("qwen3-thinking").create({ tools: [] });
const gguf = await readGguf(bytesSource(tinyLlama()));
console.log(JSON.stringify({
  prompt: template.render({ messages: [{ role: "user", content: "Hello" }] }),
  greeting: GoTemplate.parse("Hi {{ .Name }}").execute(GoMap.of({ Name: "you" })),
  answer: [...parser.push("Hm</think>4"), ...parser.end()].map((event) => event.text),
  architecture: gguf.metadata.architecture,
  grammar: jsonSchemaToGbnf({ type: "boolean" }).grammar.includes("root ::="),
  name: String(ModelName.parse("llama3")),
  commands: parseModelfile("FROM llama3").commands.length,
}));
`;

function pack(name: string): string {
  execFileSync(join(root, "node_modules/.bin/pnpm"), ["pack", "--pack-destination", folder], {
    cwd: join(root, "packages", name),
    stdio: "ignore",
  });
  const tarball = readdirSync(folder).find((file) => file.startsWith(`puna-${name}-`));
  if (tarball === undefined) throw new Error(`packing ${name} left no tarball`);
  return join(folder, tarball);
}

it("model-format and protocol work in an empty project", ({ skip }) => {
  const tarballs = ["protocol", "model-format"].map(pack);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "empty", private: true, type: "module" }),
  );
  writeFileSync(join(folder, "program.js"), program);
  const npm = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...tarballs], {
    cwd: folder,
    encoding: "utf8",
  });
  if (
    npm.status !== 0 &&
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/.test(npm.stderr) &&
    !process.env["CI"]
  ) {
    console.log("skipping the empty project: the npm registry cannot be reached");
    skip();
  }
  expect(npm.stderr.replace(/^npm warn.*\n/gm, "")).toBe("");
  expect(npm.status).toBe(0);

  const { stdout, stderr } = spawnSync(process.execPath, ["program.js"], { cwd: folder, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({
    prompt: "<user>Hello",
    greeting: "Hi you",
    answer: ["Hm", "4"],
    architecture: "llama",
    grammar: true,
    name: "registry.ollama.ai/library/llama3:latest",
    commands: 1,
  });
});
