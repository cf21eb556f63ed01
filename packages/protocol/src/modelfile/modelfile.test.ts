import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../protocol-error.ts";
import { parseModelfile, printModelfile, toCreateRequest } from "./index.ts";

const piece = fc.constantFrom(
  "FROM x\n",
  "SYSTEM ",
  "MESSAGE user ",
  "PARAMETER stop ",
  "from ",
  "#",
  '"',
  '""',
  '"""',
  " ",
  "\t",
  "\n",
  "\r\n",
  "\r",
  "a",
  "é",
  "\0",
  "\u{feff}",
  "{{ .Prompt }}",
);
const anyText = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));

describe("parseModelfile", () => {
  test("gives back what was printed without loss, for every text that parses", () => {
    let parsed = 0;
    fc.assert(
      fc.property(anyText, (text) => {
        const file = tryParse(`FROM base\n${text}`);
        if (file === undefined) return;
        parsed++;
        expect(parseModelfile(printModelfile(file, { lossless: true }))).toEqual(file);
      }),
      { numRuns: 3000 },
    );
    expect(parsed).toBeGreaterThan(500);
  });

  test("gives back any value of several lines or with blanks around it", () => {
    const value = fc
      .array(fc.constantFrom("a", " ", '"', '""', '"""', "\n", "{{ }}", "\t"), { maxLength: 12 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(value, (text) => {
        const closesEarly = text.split("\n").some((line) => line.trimEnd().endsWith('"""'));
        if (closesEarly) return;
        const file = {
          commands: [
            { name: "model", args: "x" },
            { name: "system", args: text },
            { name: "message", args: `user: ${text}` },
          ],
        };
        expect(parseModelfile(printModelfile(file, { lossless: true }))).toEqual(file);
      }),
      { numRuns: 2000 },
    );
  });

  test("throws nothing but its own error", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string({ unit: "binary" }), fc.uint8Array()), (source) => {
        try {
          parseModelfile(source);
        } catch (error) {
          expect(ProtocolError.is(error)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("reads UTF-16 in both byte orders and UTF-8 with a mark", () => {
    const text = "FROM x\nSYSTEM héllo 👋\n";
    const little = Buffer.from(`\u{feff}${text}`, "utf16le");
    const big = Buffer.from(little).swap16();
    for (const bytes of [little, big, Buffer.from(`\u{feff}${text}`), Buffer.from(text)]) {
      expect(parseModelfile(bytes).commands[1]).toEqual({ name: "system", args: "héllo 👋" });
    }
  });

  test("drops unprintable characters from values but keeps tabs and line ends in quotes", () => {
    const file = parseModelfile('FROM x\0\u200b\u00a0y\nSYSTEM """a\tb\u0007\r\nc"""\n');
    expect(file.commands).toEqual([
      { name: "model", args: "xy" },
      { name: "system", args: "a\tb\r\nc" },
    ]);
  });

  test("takes linear time on hostile texts", () => {
    const started = process.cpuUsage();
    for (const hostile of ['"', " ", '\n"x', "\n ", "\n#", ' "', "é ", "\r\n"]) {
      tryParse(`FROM x\nSYSTEM "${hostile.repeat(300_000)}`);
      tryParse(`FROM x\n${hostile.repeat(300_000)}`);
    }
    // Of this process alone, however busy the machine is; quadratic work would take hours.
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(20_000);
  });
});

describe("toCreateRequest", () => {
  const plan = (text: string, found: Readonly<Record<string, string>> = {}) =>
    toCreateRequest(parseModelfile(text), async (path) => {
      const digest = found[path];
      return digest === undefined
        ? undefined
        : { location: `/models/${path.replace("./", "")}`, files: { [path]: digest } };
    });

  test("sends files by digest where the path exists, and the text as a name where not", async () => {
    const { request } = await plan("FROM a.gguf\nFROM mmproj.gguf\nADAPTER lora.gguf\nDRAFT draft.gguf\n", {
      "a.gguf": "sha256:a",
      "mmproj.gguf": "sha256:b",
      "lora.gguf": "sha256:c",
      "draft.gguf": "sha256:d",
    });
    expect(request).toEqual({
      files: { "a.gguf": "sha256:a", "mmproj.gguf": "sha256:b" },
      adapters: { "lora.gguf": "sha256:c" },
      draft_files: { "draft.gguf": "sha256:d" },
    });
    expect((await plan("FROM a.gguf\n")).request).toEqual({ from: "a.gguf" });
  });

  test("fails for adapters and drafts that do not exist, and for a draft that is its own base", async () => {
    await expect(plan("FROM x\nADAPTER no\n")).rejects.toThrow("ADAPTER no: no such file or directory");
    await expect(plan("FROM x\nDRAFT no\n")).rejects.toThrow("DRAFT no: no such file or directory");
    for (const text of ["FROM a\nDRAFT ./a\n", "DRAFT ./a\nFROM a\n"]) {
      await expect(plan(text, { a: "sha256:a", "./a": "sha256:a" })).rejects.toThrow(
        "DRAFT must not reference the same local path as FROM: /models/a",
      );
    }
  });

  test("gives parameters the type of their option", async () => {
    const { request, warnings } = await plan(
      "FROM x\nPARAMETER num_ctx +4096\nPARAMETER temperature 0.1\nPARAMETER top_p 0.123456789\nPARAMETER use_mmap F\nPARAMETER stop a\nPARAMETER stop b\nPARAMETER mirostat 1\n",
    );
    expect(request.parameters).toEqual({
      num_ctx: 4096,
      temperature: 0.1,
      top_p: 0.12345679,
      use_mmap: false,
      stop: ["a", "b"],
    });
    expect(warnings).toEqual(["parameter mirostat is deprecated"]);
  });

  test.each([
    ["1_000.5", 1000.5],
    ["0x1p4", 16],
    ["-0x_1.8P-1", -0.75],
  ])("reads the number %s as Go writes it", async (text, value) => {
    expect((await plan(`FROM x\nPARAMETER temperature ${text}\n`)).request.parameters).toEqual({
      temperature: value,
    });
  });

  test.each([
    ["num_ctx 1.5", "invalid int value [1.5]"],
    ["num_ctx", "unexpected EOF: num_ctx"],
    ["temperature 1e999", "invalid float value [1e999]"],
    ["temperature 0x10", "invalid float value [0x10]"],
    ["temperature 1__0", "invalid float value [1__0]"],
    ["temperature -inf", "json: unsupported value: -Inf"],
    ["temperature NaN", "json: unsupported value: NaN"],
    ["use_mmap yes", "invalid bool value [yes]"],
    ["__proto__ 1", "unknown parameter '__proto__'"],
    [" 1", "unknown parameter ''"],
  ])("refuses PARAMETER %s", async (parameter, message) => {
    await expect(async () => plan(`FROM x\nPARAMETER ${parameter}\n`)).rejects.toThrow(message);
  });

  test.each(["1", "1.2", "1.2.3", "v1.2.3-rc.1+build.5", "0.0.0-0a"])(
    "takes REQUIRES %s",
    async (version) => {
      expect((await plan(`FROM x\nREQUIRES ${version}\n`)).request.requires).toBe(version.replace("v", ""));
    },
  );

  test.each(["", "x", "1.", "1.2-rc", "01.2.3", "1.2.3.4", "1.2.3-01", "vv1"])(
    "refuses REQUIRES %j",
    async (version) => {
      await expect(plan(`FROM x\nREQUIRES "${version}"\n`)).rejects.toThrow(
        "requires must be a valid semver",
      );
    },
  );
});

function tryParse(text: string) {
  try {
    return parseModelfile(text);
  } catch (error) {
    if (ProtocolError.is(error)) return undefined;
    throw error;
  }
}
