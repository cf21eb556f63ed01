import fc from "fast-check";
import { expect, test } from "vitest";
import { addressKind, listsHost, mayConnect } from "./address-guard.ts";

test.each([
  ["93.184.216.34", "public"],
  ["2606:4700::1111", "public"],
  ["127.0.0.1", "loopback"],
  ["127.255.255.255", "loopback"],
  ["::1", "loopback"],
  ["::ffff:127.0.0.1", "loopback"],
  ["10.1.2.3", "private"],
  ["172.31.255.255", "private"],
  ["172.32.0.0", "public"],
  ["192.168.0.1", "private"],
  ["100.64.0.1", "private"],
  ["fd12:3456::1", "private"],
  ["::ffff:10.0.0.1", "private"],
  ["64:ff9b::a00:1", "private"],
  ["2002:a00:1::", "private"],
  ["169.254.169.254", "forbidden"],
  ["fe80::1", "forbidden"],
  ["fe80::1%eth0", "forbidden"],
  ["::ffff:169.254.169.254", "forbidden"],
  ["0.0.0.0", "forbidden"],
  ["::", "forbidden"],
  ["224.0.0.1", "forbidden"],
  ["255.255.255.255", "forbidden"],
  ["ff02::1", "forbidden"],
  ["not an address", "forbidden"],
])("%s is %s", (address, kind) => {
  expect(addressKind(address)).toBe(kind);
});

test("every IPv4 address is of the same kind when it is written inside IPv6", () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(addressKind(`::ffff:${address}`)).toBe(addressKind(address));
    }),
  );
});

test("only public addresses, and loopback from loopback, may be connected to", () => {
  const kinds = ["public", "loopback", "private", "forbidden"] as const;
  const allowed = kinds.flatMap((from) =>
    kinds.filter((to) => mayConnect(to, from)).map((to) => `${from} → ${to}`),
  );
  expect(allowed).toEqual([
    "public → public",
    "loopback → public",
    "loopback → loopback",
    "private → public",
    "forbidden → public",
  ]);
});

test("hosts are listed with or without port, in any case", () => {
  expect(listsHost(["Registry.Test"], "registry.test:5000")).toBe(true);
  expect(listsHost(["registry.test:5000"], "registry.test:5001")).toBe(false);
  expect(listsHost(undefined, "registry.test")).toBe(false);
});
