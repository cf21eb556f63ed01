import { setTimeout as sleep } from "node:timers/promises";
import { Flags } from "@oclif/core";
import { parseDuration } from "@puna/protocol";
import { BaseCommand } from "../base-command.ts";
import { defaultServerUrl, ServerRoutes } from "../server/server-routes.ts";
import { drawTop, type TopPicture } from "../top/draw-top.ts";
import { ratesBetween, readMetrics, type TokenCounters } from "../top/read-metrics.ts";
import { cutToWidth } from "../ui/progress-bar.ts";

const alternateScreen = "\u001b[?1049h\u001b[?25l";
const mainScreen = "\u001b[?25h\u001b[?1049l";
const minIntervalMs = 100;

export class Top extends BaseCommand {
  static override description = "Watch loaded models, their slots and tokens per second";
  static override flags = {
    interval: Flags.string({ description: "Time between two pictures", default: "1s" }),
    once: Flags.boolean({ description: "One picture, then end (always so when not in a terminal)" }),
    json: Flags.boolean({ description: "One picture, as JSON" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Top);
    const intervalMs = Math.max(minIntervalMs, parseDuration(flags.interval) / 1e6);
    const routes = new ServerRoutes(this.context);
    if (flags.json)
      return this.printJson(await this.#snapshot(routes, undefined).then(({ picture }) => picture));
    if (flags.once || this.context.stdout.isTTY !== true) {
      this.context.stdout.write(drawTop((await this.#snapshot(routes, undefined)).picture));
      return;
    }
    await this.#watch(routes, intervalMs);
  }

  async #watch(routes: ServerRoutes, intervalMs: number): Promise<void> {
    const { stdin, stdout } = this.context;
    const ended = new AbortController();
    const quit = (data: Buffer | string) => {
      if (/[q\u0003\u0004]/.test(String(data))) ended.abort();
    };
    let before: TokenCounters | undefined;
    // The first question decides whether there is anything to watch, while errors can still be read.
    let shown = await this.#snapshot(routes, before);
    stdin.setRawMode?.(true);
    stdin.on("data", quit);
    stdin.resume();
    stdout.write(alternateScreen);
    try {
      while (!ended.signal.aborted) {
        stdout.write(this.#fill(`${drawTop(shown.picture)}\nq quits`));
        before = shown.counters ?? before;
        await sleep(intervalMs, undefined, { signal: ended.signal }).catch(() => undefined);
        if (!ended.signal.aborted) shown = await this.#snapshot(routes, before);
      }
    } finally {
      stdout.write(mainScreen);
      stdin.off("data", quit);
      stdin.setRawMode?.(false);
      stdin.pause();
    }
  }

  /** A picture over the last one, cut to the screen. */
  #fill(text: string): string {
    const { columns = 80, rows = 24 } = this.context.stdout;
    const lines = text.split("\n").slice(0, rows);
    return `\u001b[H${lines.map((line) => `${cutToWidth(line.trimEnd(), columns)}\u001b[K`).join("\r\n")}\u001b[J`;
  }

  async #snapshot(
    routes: ServerRoutes,
    before: TokenCounters | undefined,
  ): Promise<{ readonly picture: TopPicture; readonly counters: TokenCounters | undefined }> {
    const [{ models }, metrics, devices] = await Promise.all([
      routes.slots(),
      routes.metrics(),
      // A server that cannot tell its devices can be watched all the same.
      routes.devices().catch(() => undefined),
    ]);
    const counters = metrics === undefined ? undefined : readMetrics(metrics, Date.now());
    return {
      counters,
      picture: {
        serverUrl: this.context.serverUrl ?? defaultServerUrl,
        models,
        devices,
        // The question itself is one of them.
        ...(counters === undefined ? {} : { activeRequests: counters.requests - 1 }),
        ...(counters === undefined ? {} : { rates: ratesBetween(before, counters) }),
      },
    };
  }
}
