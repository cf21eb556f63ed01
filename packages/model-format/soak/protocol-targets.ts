import {
  ModelName,
  parseDigest,
  parseDuration,
  parseKeepAlive,
  parseModelReference,
  parseOptions,
} from "@puna/protocol";
import { decodeNdjson, decodeSse } from "@puna/protocol/framing";
import { parseModelfile, printModelfile, toCreateRequest } from "@puna/protocol/modelfile";
import { cut, mutateBytes, mutateText, type Random } from "./mutate.ts";
import { bytesTarget, textTarget } from "./target.ts";

const modelfiles = [
  'FROM llama3\nPARAMETER temperature 0.7\nPARAMETER stop "<|end|>"\nPARAMETER stop "two words"\nSYSTEM """\nYou are\n"kind".\n"""\n',
  '# comment\nFROM ./model.gguf\nADAPTER ./lora.gguf\nTEMPLATE """{{ .System }} {{ .Prompt }}"""\nLICENSE MIT\nMESSAGE user hi\nMESSAGE assistant "hello"\n',
  "from a/b:c\r\nDRAFT d\nRENDERER qwen3-coder\nPARSER qwen3\nREQUIRES 0.14.0\nparameter num_ctx 4096\n",
];
const modelfileWords = [
  "FROM ",
  "PARAMETER ",
  "SYSTEM ",
  "TEMPLATE ",
  "MESSAGE ",
  "LICENSE ",
  "ADAPTER ",
  '"""',
  '"',
  "\n",
  "\r\n",
  "#",
  "\\",
  "\u0000",
  "\ufeff",
  "\ud800",
  "\u00a0",
  " ",
  "\t",
  "user ",
  "num_ctx 1e999",
  "stop ",
];
const utf16 = (text: string) => new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"));

export const modelfile = bytesTarget(
  (random) => {
    const text = mutateText(random, modelfiles, modelfileWords);
    const bytes = random() < 0.2 ? utf16(text) : new TextEncoder().encode(text);
    return random() < 0.3 ? mutateBytes(random, bytes) : bytes;
  },
  async (bytes) => {
    const file = parseModelfile(bytes);
    const printed = printModelfile(file, { lossless: true });
    const again = JSON.stringify(parseModelfile(printed).commands);
    if (again !== JSON.stringify(file.commands))
      throw new Error(`prints to what it does not read back: ${printed}`);
    await toCreateRequest(file, async () => ({ files: {}, model: "x" }) as never);
  },
);

const names = [
  "llama3",
  "library/llama3:latest",
  "https://registry.ollama.ai/library/llama3:8b-q4_0",
  "host:5000/ns/model:tag",
  "hf.co/user/repo:Q4_K_M",
  "gpt-oss:120b-cloud",
  `sha256:${"ab".repeat(32)}`,
  "5m",
  "1h30m10s",
  "-1",
  "127.0.0.1/a/b",
];
const nameWords = [
  "/",
  ":",
  "..",
  ".",
  "-",
  "_",
  "@",
  "\\",
  "%2f",
  "\u0000",
  "\n",
  " ",
  "é",
  "\u202e",
  "\ud800",
  "cloud",
  "local",
  "://",
  "a".repeat(400),
  "9".repeat(400),
];

export const modelName = textTarget(
  (random) => mutateText(random, names, nameWords),
  (text) => {
    const name = ModelName.parse(text);
    ModelName.parseBare(text);
    if (name.isValid() && /(^|\/)\.\.?(\/|$)|[\u0000-\u001f\\]/.test(name.manifestPath)) {
      throw new Error(`climbs: ${name.manifestPath}`);
    }
    for (const read of [parseModelReference, parseDigest, parseDuration, parseKeepAlive])
      attempt(() => read(text));
    attempt(() => parseOptions({ num_ctx: text, temperature: text, stop: text, [text]: 1 }));
  },
);

/** Each of several readers gets the input, also after one has refused it. */
function attempt(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

const streams = [
  '{"a":1}\n{"b":"é😀"}\r\n\n{"c":[{}]}',
  ': comment\nevent: message\ndata: {"a":1}\ndata: more\nid: 7\nretry: 10\n\ndata: [DONE]\n\n',
  "\ufeffdata: x\r\rdata\r\n\r\n",
];
const streamWords = [
  "\n",
  "\r",
  "\r\n",
  "\n\n",
  "data: ",
  "data:",
  "event: ",
  "id: \u0000",
  ":",
  "{",
  "}",
  '"',
  "\\",
  "\ufeff",
  "\u2028",
  "[".repeat(1000),
  "x".repeat(5000),
];

export const framing = bytesTarget(
  (random) => {
    const bytes = new TextEncoder().encode(mutateText(random, streams, streamWords));
    return random() < 0.3 ? mutateBytes(random, bytes) : bytes;
  },
  async (bytes, random) => {
    const maxLineBytes = random() < 0.5 ? 100 : 1 << 20;
    const drain = async (items: AsyncIterable<unknown>) => {
      for await (const _item of items);
    };
    const outcomes = await Promise.allSettled([
      drain(decodeNdjson(pieces(random, bytes), { maxLineBytes })),
      drain(decodeSse(pieces(random, bytes), { maxLineBytes })),
    ]);
    for (const outcome of outcomes) if (outcome.status === "rejected") attempt(() => raise(outcome.reason));
  },
);

function raise(reason: unknown): never {
  throw reason;
}

async function* pieces(random: Random, bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* cut(random, bytes);
}
