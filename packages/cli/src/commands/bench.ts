import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { type BenchResult, runBench } from "../bench/run-bench.ts";
import { CliError } from "../errors.ts";
import { parseInteger } from "../run/parse-run-flags.ts";
import { prepareModel } from "../run/prepare-model.ts";
import { startSpinner } from "../ui/spinner.ts";
import { printTable } from "../ui/table.ts";

interface BenchReport {
  readonly model: string;
  readonly results: readonly BenchResult[];
}

export class Bench extends BaseCommand {
  static override description = "Measure how fast a model reads and writes";
  static override args = { model: Args.string({ required: true, description: "name of the model" }) };
  static override flags = {
    prompt: Flags.string({ description: "Tokens to read", default: "512" }),
    output: Flags.string({ description: "Tokens to write", default: "128" }),
    parallel: Flags.string({ description: "Answers at once", default: "4" }),
    runs: Flags.string({ description: "Times each is measured; the middle one counts", default: "3" }),
    save: Flags.string({ description: "Write the result to this file" }),
    compare: Flags.string({ description: "Show the difference to a result saved in this file" }),
    json: Flags.boolean({ description: "Print JSON" }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Bench);
    const { context } = this;
    const plan = {
      model: args.model,
      promptTokens: positive("--prompt", flags.prompt),
      outputTokens: positive("--output", flags.output),
      parallel: positive("--parallel", flags.parallel),
      runs: positive("--runs", flags.runs),
    };
    const earlier = flags.compare === undefined ? undefined : await this.#read(flags.compare);
    await context.ensureServer();
    await prepareModel(context, { model: args.model, insecure: false });
    const results: BenchResult[] = [];
    {
      using _spinner = startSpinner(context.stderr);
      for await (const result of runBench(context.client, plan, Date.now)) results.push(result);
    }
    const report: BenchReport = { model: args.model, results };
    if (flags.save !== undefined) {
      await writeFile(resolve(context.cwd, flags.save), `${JSON.stringify(report, null, 2)}\n`);
    }
    if (flags.json) return this.printJson(earlier === undefined ? report : { ...report, earlier });
    context.stdout.write(printReport(report, earlier));
  }

  async #read(name: string): Promise<BenchReport> {
    const path = resolve(this.context.cwd, name);
    const problem = (cause?: unknown) =>
      new CliError("INVALID_INPUT", `${path} holds no result of '${this.context.binName} bench --save'`, {
        cause,
      });
    const text = await readFile(path, "utf8").catch((cause: unknown) => {
      throw problem(cause);
    });
    try {
      const value: unknown = JSON.parse(text);
      // Written by this command; a number that is none shows as such in the table.
      if (typeof value === "object" && value !== null && "results" in value) return value as BenchReport;
    } catch (cause) {
      throw problem(cause);
    }
    throw problem();
  }
}

function printReport({ results }: BenchReport, earlier: BenchReport | undefined): string {
  const before = new Map(earlier?.results.map(({ test, tokensPerSecond }) => [test, tokensPerSecond]));
  const rows = results.map(({ test, tokensPerSecond, tokens, seconds }) => [
    test,
    tokensPerSecond.toFixed(1),
    String(tokens),
    `${seconds.toFixed(2)}s`,
    ...(earlier === undefined ? [] : comparison(before.get(test), tokensPerSecond)),
  ]);
  const header = [
    "TEST",
    "TOKENS/S",
    "TOKENS",
    "TIME",
    ...(earlier === undefined ? [] : ["BEFORE", "CHANGE"]),
  ];
  return printTable(header, rows);
}

function comparison(before: number | undefined, now: number): string[] {
  if (before === undefined || before === 0) return ["-", "-"];
  const percent = (now / before - 1) * 100;
  return [before.toFixed(1), `${percent >= 0 ? "+" : ""}${percent.toFixed(1)}%`];
}

function positive(flag: string, text: string): number {
  const value = parseInteger(flag, text);
  if (value < 1)
    throw new CliError("USAGE", `invalid argument "${text}" for "${flag}" flag: must be at least 1`);
  return value;
}
