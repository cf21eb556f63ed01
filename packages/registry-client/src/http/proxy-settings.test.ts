import { expect, test } from "vitest";
import { selectProxy } from "./proxy-settings.ts";

const settings = {
  http: "http://plain:1",
  https: "http://secure:2",
  no: "inner.test, .corp.test *.lab.test odd.test:8443",
};

test.each([
  ["http://registry.test/", "http://plain:1"],
  ["https://registry.test/", "http://secure:2"],
  ["https://inner.test/", undefined],
  ["https://deep.inner.test/", undefined],
  ["https://notinner.test/", "http://secure:2"],
  ["https://a.corp.test/", undefined],
  ["https://b.lab.test/", undefined],
  ["https://odd.test:8443/", undefined],
  ["https://odd.test/", "http://secure:2"],
  ["http://127.0.0.1:5000/", undefined],
  ["http://localhost/", undefined],
  ["http://[::1]:5000/", undefined],
])("%s goes through %s", (url, proxy) => {
  expect(selectProxy(new URL(url), settings)).toBe(proxy);
});

test("`*` excludes everything", () => {
  expect(selectProxy(new URL("https://registry.test/"), { ...settings, no: "*" })).toBeUndefined();
});
