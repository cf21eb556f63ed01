import { expect, it } from "vitest";
import { probeEngine } from "../src/probe-engine.ts";

it("names the driver, llama.cpp's version, its libraries and the devices of this machine", async () => {
  const { driver, version, devices, libraries } = await probeEngine({ env: { PATH: process.env["PATH"] } });
  expect(driver).toBe("llama/native");
  expect(version).toMatch(/^\d+\.\d+\.\d+/);
  expect(libraries.filter(({ isLoaded }) => isLoaded)).toHaveLength(1);
  const cpu = devices.find(({ kind }) => kind === "cpu");
  expect(cpu?.totalBytes).toBeGreaterThan(1e9);
});

it("says what is wrong with a folder that should hold llama.cpp", async () => {
  const env = { PATH: process.env["PATH"], PUNA_LLAMA_LIBRARIES: import.meta.dirname };
  const { driver, fallbackReason, libraries } = await probeEngine({ env });
  expect({ driver, libraries }).toEqual({ driver: "llama/portable", libraries: [] });
  expect(fallbackReason).toContain(`PUNA_LLAMA_LIBRARIES names ${import.meta.dirname}, where libllama`);
});
