import { expect, it } from "vitest";
import { LoadReporter } from "./load-report.ts";

const onProcessor = `
load_tensors:   CPU_Mapped model buffer size =  1059.89 MiB
load_tensors:   CPU_REPACK model buffer size =   596.53 MiB
....................................
llama_context:        CPU  output buffer size =     0.58 MiB
llama_kv_cache:        CPU KV buffer size =   112.00 MiB
llama_kv_cache: size =  112.00 MiB (  4096 cells,  28 layers,  1/1 seqs), K (f16):   56.00 MiB, V (f16):   56.00 MiB
sched_reserve:        CPU compute buffer size =    68.50 MiB
`;
const onGpu = `
load_tensors: offloaded 29/29 layers to GPU
load_tensors:   CPU_Mapped model buffer size =   100.00 MiB
load_tensors:        CUDA0 model buffer size =   900.00 MiB
llama_kv_cache:      CUDA0 KV buffer size =   112.00 MiB
sched_reserve:      CUDA0 compute buffer size =    60.00 MiB
sched_reserve:  CUDA_Host compute buffer size =     8.00 MiB
`;
const mib = (count: number) => Math.round(count * 2 ** 20);

it("reads what was taken, wherever the text is cut", () => {
  for (let at = 0; at <= onProcessor.length; at++) {
    const reporter = new LoadReporter();
    reporter.push(onProcessor.slice(0, at));
    reporter.push(onProcessor.slice(at));
    expect(reporter.report()).toEqual({
      weightsBytes: mib(1059.89),
      contextBytes: mib(0.58) + mib(112) + mib(68.5),
      vramBytes: 0,
      isOnGpu: false,
    });
  }
});

it("tells the memory of GPUs from that of the machine", () => {
  const reporter = new LoadReporter();
  reporter.push(onGpu);
  expect(reporter.report()).toEqual({
    weightsBytes: mib(1000),
    contextBytes: mib(180),
    vramBytes: mib(1072),
    isOnGpu: true,
  });
});

it("knows nothing when nothing was said", () => {
  const reporter = new LoadReporter();
  reporter.push("some other text\n");
  expect(reporter.report()).toBeUndefined();
});

it("forgets what an attempt took that failed for want of memory on a GPU", () => {
  const reporter = new LoadReporter();
  const begun = "load_tensors: loading model tensors, this can take a while... (load_mode = 1)\n";
  reporter.push(begun + onGpu + begun + onProcessor);
  const alone = new LoadReporter();
  alone.push(onProcessor);
  expect(reporter.report()).toEqual(alone.report());
});
