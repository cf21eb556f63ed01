import { describe, expect, test } from "vitest";
import { parseModelReference } from "./model-reference.ts";

describe("parseModelReference", () => {
  test.each([
    ["m", "m", "unspecified"],
    ["m:8b", "m:8b", "unspecified"],
    ["m:cloud", "m", "cloud"],
    ["m:CLOUD", "m", "cloud"],
    ["m:20b:cloud", "m:20b", "cloud"],
    ["m:20b-cloud", "m:20b", "cloud"],
    ["m:20b-Cloud", "m:20b", "cloud"],
    ["m:local", "m", "local"],
    ["m:8b:local", "m:8b", "local"],
    [" ns/m:cloud ", "ns/m", "cloud"],
    ["host:80/ns/m-cloud", "host:80/ns/m-cloud", "unspecified"],
    ["m-cloud", "m-cloud", "unspecified"],
  ])("reads %s as %s from %s", (text, base, source) => {
    const reference = parseModelReference(text);
    expect(reference).toMatchObject({ base, source, original: text.trim() });
    expect(reference.name.toString()).toContain(base.split("/").pop() ?? "");
  });

  test.each(["x:cloud:local", "x:local:cloud", "x:20b-cloud:local"])("refuses two sources in %s", (text) => {
    expect(() => parseModelReference(text)).toThrow(`use either :local or :cloud, not both: "${text}"`);
  });

  test.each(["", ":cloud", "no such", "../../x", "a:b:c"])("refuses the name %j", (text) => {
    expect(() => parseModelReference(text)).toThrow("invalid model name");
  });
});
