import { describe, expect, it } from "vitest";
import { tinySpec } from "../../../test/support/tiny-spec.ts";
import { EngineError } from "../../errors.ts";
import type { EngineDevice, RunnerSpec } from "../../ipc/messages.ts";
import { gpuLayerAttempts, planGpuLayers, tryLayers } from "./gpu-layers.ts";

const gib = 2 ** 30;
const device = (freeBytes: number, kind: EngineDevice["kind"] = "gpu"): EngineDevice => ({
  name: "X",
  kind,
  freeBytes,
  totalBytes: 24 * gib,
});
const cpu = device(64 * gib, "cpu");
/** 33 layers of half a GiB each, with their part of the context. */
const spec = (changes: Partial<RunnerSpec> = {}) =>
  tinySpec("model.gguf", {
    gpuLayers: -1,
    planned: { blockCount: 32, weightsBytes: 14.5 * gib, contextBytes: 2 * gib, processBytes: 0 },
    ...changes,
  });

describe("layers on GPUs", () => {
  it.each([
    ["all, where they fit", [cpu, device(17 * gib + 1)], {}, -1],
    ["as many as fit beside a margin of half a GiB", [cpu, device(8.5 * gib)], {}, 16],
    ["fewer beside what shall stay free", [cpu, device(8.5 * gib)], { gpuOverheadBytes: 2 * gib }, 12],
    ["none where nothing is free", [cpu, device(0.4 * gib)], {}, 0],
    ["spread over two GPUs", [cpu, device(8.5 * gib), device(4.5 * gib)], {}, 24],
    ["on the GPU that was chosen alone", [cpu, device(17 * gib + 1), device(4.5 * gib)], { mainGpu: 1 }, 8],
    ["in memory that is shared with the processor", [cpu, device(4.5 * gib, "integrated-gpu")], {}, 8],
    [
      "on GPUs with memory of their own, where there are both",
      [cpu, device(60 * gib, "integrated-gpu"), device(4.5 * gib)],
      {},
      8,
    ],
    ["never on other accelerators", [cpu, device(0, "accelerator"), device(4.5 * gib)], { mainGpu: 0 }, 8],
    ["all, where nobody knows the model's size", [cpu, device(gib)], { planned: undefined }, -1],
  ] as const)("are %s", (_, devices, changes, layers) => {
    expect(planGpuLayers(spec(changes as Partial<RunnerSpec>), devices)).toBe(layers);
  });

  it("are tried in smaller numbers when the driver refuses what seemed free", () => {
    expect(gpuLayerAttempts(spec(), [cpu, device(8.5 * gib)])).toEqual([16, 12, 8, 0]);
    expect(gpuLayerAttempts(spec(), [cpu, device(24 * gib)])).toEqual([-1, 24, 16, 0]);
    expect(gpuLayerAttempts(spec(), [cpu, device(0)])).toEqual([0]);
  });

  it("are never so few that the machine lacks memory for the rest", () => {
    // Of 16.5 GiB, 24 layers leave 4.5 GiB to it, 16 layers 8.5.
    const room = (gibibytes: number) => spec({ hostRoomBytes: gibibytes * gib });
    expect(gpuLayerAttempts(room(17), [cpu, device(24 * gib)])).toEqual([-1, 24, 16, 0]);
    expect(gpuLayerAttempts(room(16), [cpu, device(24 * gib)])).toEqual([-1, 24, 16]);
    expect(gpuLayerAttempts(room(5), [cpu, device(24 * gib)])).toEqual([-1, 24]);
    expect(gpuLayerAttempts(room(1), [cpu, device(24 * gib)])).toEqual([-1]);
    expect(gpuLayerAttempts(room(9), [cpu, device(8.5 * gib)])).toEqual([16]);
  });

  it("are those that were asked for, and without a GPU nothing is tried twice", () => {
    expect(gpuLayerAttempts(spec({ gpuLayers: 20 }), [cpu, device(gib)])).toEqual([20]);
    expect(gpuLayerAttempts(spec(), [cpu])).toEqual([-1]);
  });

  it("are all or nothing while others can make room", () => {
    expect(gpuLayerAttempts(spec({ wholeOnGpu: true }), [cpu, device(24 * gib)])).toEqual([-1]);
    const beside = () => gpuLayerAttempts(spec({ wholeOnGpu: true }), [cpu, device(8 * gib)]);
    expect(beside).toThrow(expect.objectContaining({ code: "OUT_OF_MEMORY" }));
    expect(gpuLayerAttempts(spec({ wholeOnGpu: true }), [cpu])).toEqual([-1]);
  });

  it("are the first that load; where none does, the last failure is told", async () => {
    const tried: number[] = [];
    const load = async (layers: number) => {
      tried.push(layers);
      if (layers > 4) throw new EngineError("LOAD_FAILED", `no room for ${layers}`);
      return layers;
    };
    expect(await tryLayers([16, 8, 4, 0], load)).toBe(4);
    expect(tried).toEqual([16, 8, 4]);
    await expect(tryLayers([16, 8], load)).rejects.toThrow("no room for 8");
    const refuse = async () => {
      throw new EngineError("UNSUPPORTED", "an encoder");
    };
    await expect(tryLayers([16, 8], refuse)).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});
