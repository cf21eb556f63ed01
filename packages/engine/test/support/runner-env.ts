/** Environment of the runners of tests: their sources are compiled once for all of them. */
export const runnerEnv: Readonly<Record<string, string | undefined>> = {
  PATH: process.env["PATH"],
  NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
};
