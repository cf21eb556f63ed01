import { describe, expect, it } from "vitest";
import { hostPolicy, isLoopback } from "./host-policy.ts";

describe("hostPolicy", () => {
  const decide = hostPolicy({ address: "127.0.0.1", hostname: "Desk", ownAddresses: ["8.8.4.4"] });

  it.each(["localhost", "LOCALHOST:1234", "foo.local", "a.b.internal", "x.localhost", "desk", ""])(
    "lets the name %s in",
    (host) => {
      expect(decide(host)).toBe("name");
    },
  );

  it.each(["127.0.0.1", "10.0.0.5", "192.168.1.9:80", "172.20.0.1", "0.0.0.0", "[::1]:80", "8.8.4.4"])(
    "lets the address %s in",
    (host) => {
      expect(decide(host)).toBe("address");
    },
  );

  it.each([
    "example.com",
    "8.8.8.8",
    "[::1]",
    "[fe80::1]",
    "local",
    "localhost.example.com",
    "127.0.0.1.nip.io",
  ])("refuses %s", (host) => {
    expect(decide(host)).toBe("refused");
  });

  it("checks nothing when others may reach the server anyway", () => {
    expect(hostPolicy({ address: "0.0.0.0" })("example.com")).toBe("unchecked");
    expect(hostPolicy({})("example.com")).toBe("unchecked");
  });
});

it.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["::1", true],
  ["[::1]", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["192.168.1.1", false],
])("isLoopback(%s) is %s", (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});
