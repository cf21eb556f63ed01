import { compileAhead } from "../../../../tooling/compile-ahead.ts";

/** What runners are made of, with either driver. */
export default function setup(): void {
  const source = (path: string) => new URL(`../../src/${path}`, import.meta.url);
  compileAhead([source("runner-child/main.ts"), source("llama/portable/driver.ts")]);
}
