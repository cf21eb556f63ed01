import { randomBytes } from "node:crypto";
import { readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureFolder, listFolder, removeFile } from "../durable-files.ts";
import { isErrno } from "../errno.ts";
import { machineIdentity, processRuns, processStart } from "./machine.ts";

const heartbeatMs = 10_000;
/** An owner on another machine (or in another container) that has not been heard of for so long is dead. */
const silenceMs = 90_000;

interface OwnerRecord {
  readonly processId: number;
  readonly start: string | null;
  readonly machine: string;
}

/**
 * One open store, as other processes see it: a file that says which process holds it. Locks and leases carry
 * the owner's id in their names, so all of them end with the process, however it ends.
 */
export class Owner {
  readonly id = randomBytes(8).toString("hex");
  readonly #folder: string;
  readonly #machine = machineIdentity();
  #registered: Promise<void> | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #sequence = 0;

  constructor(ownersDir: string) {
    this.#folder = ownersDir;
  }

  /** A name for a file of this owner, never used before. */
  async nextName(): Promise<string> {
    this.#registered ??= this.#register();
    await this.#registered;
    this.#sequence += 1;
    return `${this.id}.${this.#sequence}`;
  }

  /** Whether the owner of a file made with `nextName` still runs. */
  async isAlive(fileName: string): Promise<boolean> {
    const id = fileName.slice(0, fileName.indexOf("."));
    if (id === this.id) return true;
    if (!/^[0-9a-f]{16}$/.test(id)) return false;
    const path = join(this.#folder, id);
    const record = await readRecord(path);
    if (record === undefined) return false;
    if (await this.#recordLives(record, path)) return true;
    // The name is unique to that dead process, so removing it can harm nobody else.
    await removeFile(path);
    return false;
  }

  /** Removes the records of dead owners. */
  async sweep(): Promise<void> {
    for (const id of await listFolder(this.#folder)) await this.isAlive(`${id}.`);
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    if (this.#registered === undefined) return;
    await this.#registered;
    await removeFile(join(this.#folder, this.id));
  }

  async #register(): Promise<void> {
    await ensureFolder(this.#folder);
    const record: OwnerRecord = {
      processId: process.pid,
      start: processStart(process.pid) ?? null,
      machine: this.#machine,
    };
    const path = join(this.#folder, this.id);
    await writeFile(path, JSON.stringify(record), { mode: 0o644 });
    this.#heartbeat = setInterval(() => {
      const now = new Date();
      // A heartbeat that cannot be written is no reason to fail: only other machines ever look at it.
      utimes(path, now, now).catch(() => {});
    }, heartbeatMs);
    this.#heartbeat.unref();
  }

  async #recordLives(record: OwnerRecord, path: string): Promise<boolean> {
    if (record.machine === this.#machine) {
      if (!processRuns(record.processId)) return false;
      return record.start === null || record.start === (processStart(record.processId) ?? null);
    }
    try {
      return Date.now() - (await stat(path)).mtimeMs < silenceMs;
    } catch (error) {
      if (isErrno(error, "ENOENT")) return false;
      throw error;
    }
  }
}

async function readRecord(path: string): Promise<OwnerRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof value !== "object" || value === null) return undefined;
    if (!("processId" in value && typeof value.processId === "number")) return undefined;
    if (!("machine" in value && typeof value.machine === "string")) return undefined;
    const start = "start" in value && typeof value.start === "string" ? value.start : null;
    return { processId: value.processId, start, machine: value.machine };
  } catch (error) {
    if (isErrno(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
