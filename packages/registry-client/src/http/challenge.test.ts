import { expect, test } from "vitest";
import { parseChallenge } from "./challenge.ts";

test.each([
  [
    'Bearer realm="https://r/token",service="s",scope="repository:a/b:pull,push other"',
    { scheme: "bearer", realm: "https://r/token", service: "s", scope: "repository:a/b:pull,push other" },
  ],
  [
    "bearer realm=https://r/t, service=s",
    { scheme: "bearer", realm: "https://r/t", service: "s", scope: "" },
  ],
  [
    'Basic realm="a \\"quoted\\" name"',
    { scheme: "basic", realm: 'a "quoted" name', service: "", scope: "" },
  ],
  ["BASIC", { scheme: "basic", realm: "", service: "", scope: "" }],
])("reads %s", (header, challenge) => {
  expect(parseChallenge(header)).toEqual(challenge);
});

test.each([undefined, "", "Negotiate", "Digest realm=x"])("knows nothing of %s", (header) => {
  expect(parseChallenge(header)).toBeUndefined();
});
