import { expect, test } from "vitest";
import { resolveHost } from "./host.ts";

test.each([
  ["", "http://127.0.0.1:11434"],
  [":56789", "http://127.0.0.1:56789"],
  ["example.com", "http://example.com:11434"],
  ["example.com:80", "http://example.com:80"],
  ["example.com:56789", "http://example.com:56789"],
  ["http://example.com", "http://example.com:80"],
  ["https://example.com", "https://example.com:443"],
  ["https://example.com:56789/", "https://example.com:56789"],
  ["https://example.com/ollama/", "https://example.com:443/ollama"],
  ["example.com/path", "http://example.com:11434/path"],
  ["http://[::1]:11434", "http://[::1]:11434"],
  ["http://user:pass@example.com", "http://user:pass@example.com:80"],
])("%s is completed to %s", (host, url) => {
  expect(resolveHost(host)).toBe(url);
});

test.each(["ftp://example.com", "http://", "http://user:secret@exa mple"])("%s is refused", (host) => {
  expect(() => resolveHost(host)).toThrow(
    expect.objectContaining({ code: "INVALID_INPUT", message: expect.not.stringContaining("secret") }),
  );
});
