import { expect, it } from "vitest";
import { clientUrl, isLocal, parseHost } from "./host.ts";

it.each([
  [undefined, "http://127.0.0.1:11434"],
  ["", "http://127.0.0.1:11434"],
  ["1.2.3.4", "http://1.2.3.4:11434"],
  [":1234", "http://127.0.0.1:1234"],
  ["1.2.3.4:1234", "http://1.2.3.4:1234"],
  ["http://1.2.3.4", "http://1.2.3.4:80"],
  ["https://1.2.3.4", "https://1.2.3.4:443"],
  ["https://1.2.3.4:1234/path", "https://1.2.3.4:1234"],
  ["0.0.0.0", "http://127.0.0.1:11434"],
  ["[::1]", "http://[::1]:11434"],
  ["[::1]:1337", "http://[::1]:1337"],
  ["::1", "http://[::1]:11434"],
  ["example.com:66000", "http://example.com:11434"],
  ["example.com:-1", "http://example.com:11434"],
  ["ollama.com", "https://ollama.com:443"],
])("reads %s as %s", (value, url) => {
  expect(clientUrl(parseHost(value))).toBe(url);
});

it("knows which addresses are this machine's own", () => {
  expect(["127.0.0.1", "localhost:1", "0.0.0.0", "[::1]"].map((host) => isLocal(parseHost(host)))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(isLocal(parseHost("10.0.0.1"))).toBe(false);
  expect(isLocal(parseHost("https://localhost"))).toBe(false);
});
