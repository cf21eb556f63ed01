import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import koffi from "koffi";
import { afterAll, describe, expect, it } from "vitest";
import {
  defaults,
  ggmlBasePrototypes,
  ggmlPrototypes,
  kvOverride,
  llamaPrototypes,
  structs,
} from "../src/llama/native/header.ts";
import { declareStructs } from "../src/llama/native/library.ts";
import { verifyLayout } from "../src/llama/native/verify.ts";

const installed = join(
  dirname(fileURLToPath(import.meta.resolve("node-llama-cpp"))),
  "../llama/gitRelease.bundle",
);
/** Sources of llama.cpp: those of the installed version, and of others that are accepted as well. */
const bundles = [installed, ...(process.env["PUNA_LLAMA_BUNDLES"] ?? "").split(delimiter).filter(Boolean)];

const compiler = "cc";
/** Of the functions that matmul/matmul.c stands in for. */
const matmulHeaders = ["llamafile/sgemm.h", "repack.h", "ggml-cpu-impl.h", "ops.h", "../ggml-impl.h"].map(
  (name) => join("ggml/src/ggml-cpu", name),
);

function missing(): string | undefined {
  if (!existsSync(installed)) return "node-llama-cpp came without llama.cpp's sources";
  for (const tool of [compiler, "git", "tar"]) {
    try {
      execFileSync(tool, ["--version"], { stdio: "ignore" });
    } catch {
      return `${tool} is not installed`;
    }
  }
  return undefined;
}

const reason = missing();
if (reason !== undefined && process.env["CI"]) throw new Error(`the header cannot be checked: ${reason}`);
if (reason !== undefined) console.log(`skipping the check against llama.h: ${reason}`);

/** Types that are pointers behind a name, and names of plain numbers. */
const pointerNames =
  /^(llama_memory_t|ggml_log_callback|ggml_abort_callback|ggml_backend_dev_t|ggml_backend_reg_t)$/;
const numberNames: Readonly<Record<string, string>> = {
  llama_token: "int32_t",
  llama_pos: "int32_t",
  llama_seq_id: "int32_t",
  llama_state_seq_flags: "uint32_t",
};

/** A C type as the header table writes it. */
function normalize(type: string): string {
  const text = type
    .replace(/\b(const|struct)\b/g, "")
    .replace(/\s+/g, " ")
    .trim();
  if (text.includes("*") || pointerNames.test(text)) return "void *";
  if (text.startsWith("enum ")) return "int";
  return numberNames[text] ?? text;
}

interface Declaration {
  readonly result: string;
  readonly parameters: readonly string[];
}

/** Declarations of every function in a header, comments left out. */
function declarations(header: string): ReadonlyMap<string, Declaration> {
  const code = header.replace(/\/\/[^\n]*/g, "").replace(/\/\*[\s\S]*?\*\//g, "");
  const found = new Map<string, Declaration>();
  for (const [, before = "", name = "", inside = ""] of code.matchAll(
    /(?:LLAMA_API|GGML_API|GGML_BACKEND_API)\s+([\w\s*]+?)\b(\w+)\s*\(([^()]*)\)\s*;/g,
  )) {
    found.set(name, { result: normalize(before), parameters: parametersOf(inside) });
  }
  return found;
}

function parametersOf(inside: string): readonly string[] {
  if (inside.trim() === "void" || inside.trim() === "") return [];
  return inside.split(",").map((parameter) => {
    const text = parameter.replace(/_Out_/, "").trim();
    // The last word is the name, unless it is all there is.
    return normalize(text.replace(/(\*|\s)\w+$/, "$1"));
  });
}

describe.skipIf(reason !== undefined).each(bundles)("the header table of llama.cpp, source %#", (bundle) => {
  const folder = mkdtempSync(join(tmpdir(), "puna-header-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  if (reason === undefined) {
    execFileSync("git", ["clone", "--quiet", "--bare", bundle, join(folder, "llama.git")], { stdio: "pipe" });
    const archive = execFileSync("git", ["archive", "HEAD", "include", "ggml/include", ...matmulHeaders], {
      cwd: join(folder, "llama.git"),
      maxBuffer: 1 << 26,
    });
    execFileSync("tar", ["-x", "-C", folder], { input: archive });
  }
  const includes = [`-I${join(folder, "include")}`, `-I${join(folder, "ggml/include")}`];

  it("has the offset and size of every field as a C compiler lays them out", () => {
    declareStructs();
    const lines = Object.entries(structs).flatMap(([struct, fields]) => [
      `printf("${struct} %zu\\n", sizeof(s_${struct}));`,
      ...Object.keys(fields).map(
        (field) =>
          `printf("${struct}.${field} %zu %zu\\n", offsetof(s_${struct}, ${field}), sizeof(((s_${struct} *)0)->${field}));`,
      ),
    ]);
    const types = Object.keys(structs).map((struct) => {
      const tagged = ["llama_model_params", "llama_context_params"].includes(struct) ? "struct " : "";
      return `typedef ${tagged}${struct} s_${struct};`;
    });
    const override = "struct llama_model_kv_override";
    const source = `#include <stdio.h>\n#include <stddef.h>\n#include "llama.h"\n${types.join("\n")}\nint main(void) {
      ${lines.join("\n")}
      printf("override %zu %zu %zu\\n", sizeof(${override}), offsetof(${override}, key), offsetof(${override}, val_i64));
      return 0; }`;
    writeFileSync(join(folder, "layout.c"), source);
    execFileSync(compiler, [...includes, "-o", join(folder, "layout"), join(folder, "layout.c")]);
    const printed = execFileSync(join(folder, "layout")).toString().trim().split("\n");
    const ours = Object.entries(structs).flatMap(([struct, fields]) => [
      `${struct} ${koffi.sizeof(struct)}`,
      ...Object.entries(fields).map(
        ([field, type]) => `${struct}.${field} ${koffi.offsetof(struct, field)} ${koffi.sizeof(type)}`,
      ),
    ]);
    const { size, keyOffset, valueOffset } = kvOverride;
    expect([...ours, `override ${size} ${keyOffset} ${valueOffset}`]).toEqual(printed);
    expect(printed.length).toBeGreaterThan(80);
    console.log(`${printed.length} sizes and offsets compared`);
  });

  it("declares every function as the header does", () => {
    const read = (name: string) => readFileSync(join(folder, name), "utf8");
    const header = declarations(
      [read("include/llama.h"), read("ggml/include/ggml-backend.h"), read("ggml/include/ggml.h")].join("\n"),
    );
    const ours = [...llamaPrototypes, ...ggmlPrototypes, ...ggmlBasePrototypes];
    for (const prototype of ours) {
      const [, before = "", name = "", inside = ""] = /^(.*?)(\w+)\((.*)\)$/.exec(prototype) ?? [];
      const declared = header.get(name);
      expect(declared, `${name} is not in the header`).toBeDefined();
      expect({ name, result: normalize(before), parameters: parametersOf(inside) }).toEqual({
        name,
        ...declared,
      });
    }
    console.log(`${ours.length} functions compared`);
  });

  it.runIf(process.arch === "x64")("has the products of matmul/ as llama.cpp declares them", () => {
    const theirs = ["ggml-cpu-impl.h", "llamafile/sgemm.h", "ops.h"].flatMap((name) => ["-include", name]);
    const folders = ["ggml/src", "ggml/src/ggml-cpu"].map((name) => `-I${join(folder, name)}`);
    const [source, ...others] = ["matmul.c", "theirs.c", "attention.c"].map((name) =>
      fileURLToPath(new URL(`../matmul/${name}`, import.meta.url)),
    );
    if (source === undefined) throw new Error("there are no sources");
    const flags = ["-std=c11", "-D_GNU_SOURCE", "-DPUNA_LLAMA_HEADERS", "-fsyntax-only"];
    execFileSync(compiler, [...flags, ...includes, ...folders, ...theirs, source, ...others], {
      stdio: "pipe",
    });
    // A header of C++: compared as text.
    const ours = readFileSync(source, "utf8");
    const theirRepack = readFileSync(join(folder, "ggml/src/ggml-cpu/repack.h"), "utf8");
    const gemms = [...ours.matchAll(/^void (ggml_gemm_\w+)\(/gm)].map(([, name = ""]) => name);
    expect(gemms.length).toBeGreaterThan(1);
    for (const name of gemms) {
      const [declared, defined] = [theirRepack, ours].map((text) => {
        const inside = new RegExp(`void ${name}\\((.*?)\\)`).exec(text)?.[1] ?? "";
        return parametersOf(inside.replaceAll("GGML_RESTRICT ", ""));
      });
      expect(defined, name).toHaveLength(7);
      expect(defined, name).toEqual(declared);
    }
  });

  it("says of every default what it is", () => {
    for (const [struct, fields] of Object.entries(defaults)) {
      expect(Object.keys(fields)).toEqual(Object.keys(structs[struct as keyof typeof structs]));
    }
  });
});

describe.skipIf(reason !== undefined)("a library", () => {
  const folder = mkdtempSync(join(tmpdir(), "puna-library-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A library that knows nothing but its version and default structs, with bytes behind the last field. */
  const build = (name: string, version: string, more: Readonly<Record<string, number>>) => {
    declareStructs();
    const functions = Object.entries(defaults).map(([struct, fields]) => {
      const bytes = new Uint8Array(koffi.sizeof(struct));
      for (const [field, value] of Object.entries(fields)) {
        const types: Readonly<Record<string, string>> = structs[struct as keyof typeof structs];
        koffi.encode(bytes, koffi.offsetof(struct, field), types[field] ?? "int", value);
      }
      const all = [...bytes, ...Array.from({ length: more[struct] ?? 0 }, () => 0)];
      const function_ = struct.replace(/_params$/, "_default_params");
      return `struct ${struct} { unsigned char bytes[${all.length}]; };
        struct ${struct} ${function_}(void) { struct ${struct} s = {{${all.join(",")}}}; return s; }`;
    });
    writeFileSync(
      join(folder, `${name}.c`),
      `${functions.join("\n")}\nconst char *llama_version(void) { return "${version}"; }`,
    );
    const path = join(folder, `${name}.so`);
    execFileSync(compiler, ["-shared", "-fPIC", "-o", path, join(folder, `${name}.c`)]);
    return koffi.load(path);
  };

  it("is taken when version, fields and sizes are those of the header", () => {
    expect(verifyLayout(build("same", "0.5.0-dev", {}))).toBe("0.5.0-dev");
  });

  it("is refused for another version", () => {
    expect(() => verifyLayout(build("newer", "0.6.0", {}))).toThrow(/0\.6\.0 is not one of/);
  });

  it.runIf(process.arch === "x64")("is refused for a field of nothing at the end of a struct", () => {
    const grown = build("grown", "0.5.0", { llama_context_params: 8 });
    expect(() => verifyLayout(grown)).toThrow(/llama_context_params has 168 bytes .* says 160/);
  });
});
