import type { Engine } from "@puna/engine";
import { Counter, Gauge, Histogram, Registry } from "prom-client";

const seconds = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const tokenSeconds = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 1];

/** What Prometheus may ask. Counts begin with the server; labels never hold model text or names of clients. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = this.#counter("puna_http_requests_total", "Requests answered", ["route", "status"]);
  readonly #requestSeconds = this.#histogram(
    "puna_http_request_duration_seconds",
    "Time until the whole reply was sent",
    seconds,
    ["route"],
  );
  readonly #tokens = this.#counter("puna_tokens_total", "Tokens read and written", ["kind"]);
  readonly #firstToken = this.#histogram(
    "puna_time_to_first_token_seconds",
    "From the request to its first piece of text",
    seconds,
  );
  readonly #betweenTokens = this.#histogram(
    "puna_inter_token_seconds",
    "Between two pieces of text of one reply",
    tokenSeconds,
  );
  readonly #loads = this.#histogram(
    "puna_model_acquire_seconds",
    "Waiting for a model: queue and load",
    seconds,
  );
  readonly #modelLoads = this.#counter("puna_model_loads_total", "Models that came into memory");
  readonly #modelEvictions = this.#counter(
    "puna_model_evictions_total",
    "Models that left memory to make room for others",
  );
  readonly #modelUnloads = this.#counter(
    "puna_model_unloads_total",
    "Models that left memory: expired, evicted, reloaded with other settings, requested, failed, or closed with the server",
    ["reason"],
  );
  readonly #waiting = new Gauge({
    name: "puna_requests_waiting",
    help: "Requests that wait for a model: in the queue, or for its load",
    registers: [this.#registry],
  });
  readonly #stopObserving: () => void;
  readonly #pulls = this.#counter("puna_pulls_total", "Pulls that ended", ["result"]);
  readonly #active = new Gauge({
    name: "puna_http_requests_active",
    help: "Requests being answered",
    registers: [this.#registry],
  });

  constructor(engine: Engine) {
    this.#modelLoads.inc(engine.loaded().length);
    this.#stopObserving = engine.observe((event) => {
      if (event.type === "model-load") {
        this.#modelLoads.inc();
        return;
      }
      this.#modelUnloads.inc({ reason: event.reason });
      if (event.reason === "evicted") this.#modelEvictions.inc();
    });
    const registers = [this.#registry];
    new Gauge({
      name: "puna_models_loaded",
      help: "Models in memory",
      registers,
      collect() {
        this.set(engine.loaded().length);
      },
    });
    new Gauge({
      name: "puna_slots_busy",
      help: "Generations running on all models",
      registers,
      collect() {
        this.set(engine.loaded().reduce((sum, info) => sum + info.activeRequests, 0));
      },
    });
    new Gauge({
      name: "puna_slots",
      help: "Generations that loaded models can run at once",
      registers,
      collect() {
        this.set(engine.loaded().reduce((sum, info) => sum + info.parallel, 0));
      },
    });
    new Gauge({
      name: "puna_model_memory_bytes",
      help: "Memory of all loaded models",
      registers,
      collect() {
        this.set(engine.loaded().reduce((sum, info) => sum + info.sizeBytes, 0));
      },
    });
  }

  requestBegan(): void {
    this.#active.inc();
  }

  requestEnded(route: string, status: number, ms: number): void {
    this.#active.dec();
    this.#requests.inc({ route, status: String(status) });
    this.#requestSeconds.observe({ route }, ms / 1000);
  }

  /** @returns to be called when the wait is over, however it ended */
  waitBegan(): () => void {
    this.#waiting.inc();
    return () => this.#waiting.dec();
  }

  observeLoad(ms: number): void {
    this.#loads.observe(ms / 1000);
  }

  observeFirstToken(ms: number): void {
    this.#firstToken.observe(ms / 1000);
  }

  observeBetweenTokens(ms: number): void {
    this.#betweenTokens.observe(ms / 1000);
  }

  countTokens(counts: {
    readonly prompt: number;
    readonly cached: number;
    readonly generated: number;
  }): void {
    this.#tokens.inc({ kind: "prompt" }, counts.prompt);
    this.#tokens.inc({ kind: "cached" }, counts.cached);
    this.#tokens.inc({ kind: "generated" }, counts.generated);
  }

  countPull(result: "success" | "failure"): void {
    this.#pulls.inc({ result });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  print(): Promise<string> {
    return this.#registry.metrics();
  }

  [Symbol.dispose](): void {
    this.#stopObserving();
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, buckets: number[], labelNames: string[] = []): Histogram {
    return new Histogram({ name, help, buckets, labelNames, registers: [this.#registry] });
  }
}
