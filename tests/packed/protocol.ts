import assert from "node:assert/strict";
import { ModelName, ProtocolError, parseKeepAlive } from "@puna/protocol";
import { CodedError } from "@puna/protocol/errors";
import { decodeNdjson } from "@puna/protocol/framing";
import { parseModelfile, toCreateRequest } from "@puna/protocol/modelfile";
import { chatRequestSchema, parseRequest } from "@puna/protocol/schemas";

assert.equal(ModelName.parse("hf.co/org/repo:Q4_K_M").manifestPath, "hf.co/org/repo/Q4_K_M");
assert.equal(ModelName.parse("../../etc/passwd").isValid(), false);
assert.equal(parseKeepAlive("1h30m"), 5_400_000);

const file = parseModelfile("FROM llama3\nPARAMETER temperature 0.5\n");
const { request } = await toCreateRequest(file, async () => undefined);
assert.deepEqual(request, { from: "llama3", parameters: { temperature: 0.5 } });

const parsed = parseRequest(chatRequestSchema, '{"MODEL":"m","nonsense":1}');
assert.deepEqual(parsed, { ok: true, value: { model: "m" }, unknownKeys: ["nonsense"] });

const lines: unknown[] = [];
const { body } = new Response('{"a":1}\n{"a":2}\n');
assert(body !== null);
for await (const line of decodeNdjson(body)) lines.push(line);
assert.deepEqual(lines, [{ a: 1 }, { a: 2 }]);

assert.throws(
  () => parseModelfile("NONSENSE"),
  (error) => ProtocolError.is(error) && error instanceof CodedError,
);
console.log("ok");
