import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import * as z from "zod";

const factsSchema = z.object({
  remoteModel: z.string().optional(),
  remoteHost: z.string().optional(),
  details: z.object({
    parent_model: z.string(),
    format: z.string(),
    family: z.string(),
    families: z.array(z.string()).readonly().nullable(),
    parameter_size: z.string(),
    quantization_level: z.string(),
  }),
  capabilities: z.array(z.string()),
  contextLength: z.number().optional(),
  embeddingLength: z.number().optional(),
});

/** What lists show of a model beside its name, date and size. */
export type ModelFacts = z.output<typeof factsSchema>;

const fileSchema = z.object({ made: z.string(), facts: z.record(z.string(), factsSchema) });

/** Far more models than anybody keeps; a bound for the file all the same. */
const maxFacts = 8192;

/**
 * Facts of models by the digest of their manifest, kept between starts: finding them out means reading the head of
 * every model file. A file that is lost or torn costs that reading again.
 */
export class FactsFile {
  readonly #path: string;
  readonly #made: string;
  #facts: Promise<Map<string, ModelFacts>> | undefined;
  #isChanged = false;
  #saving: Promise<void> = Promise.resolve();

  /** @param made  names all else that the facts depend on; facts kept under another name are not used */
  constructor(path: string, made: string) {
    this.#path = path;
    this.#made = made;
  }

  async get(digest: string): Promise<ModelFacts | undefined> {
    this.#facts ??= this.#load();
    return (await this.#facts).get(digest);
  }

  async set(digest: string, facts: ModelFacts): Promise<void> {
    this.#facts ??= this.#load();
    (await this.#facts).set(digest, facts);
    this.#isChanged = true;
  }

  /** Writes what was added. A store that may not be written to keeps nothing. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#write());
    return this.#saving;
  }

  async #write(): Promise<void> {
    if (!this.#isChanged || this.#facts === undefined) return;
    this.#isChanged = false;
    const facts = Object.fromEntries([...(await this.#facts)].slice(-maxFacts));
    // Other servers, also in this process or in a container with the same process ids, save to the same path.
    const staging = `${this.#path}.${randomUUID()}`;
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      await writeFile(staging, JSON.stringify({ made: this.#made, facts }));
      await rename(staging, this.#path);
    } catch {
      // Whatever the reason, the facts are found out again at the next start.
      await rm(staging, { force: true }).catch(() => {});
    }
  }

  async #load(): Promise<Map<string, ModelFacts>> {
    try {
      const { made, facts } = fileSchema.parse(JSON.parse(await readFile(this.#path, "utf8")));
      return new Map(made === this.#made ? Object.entries(facts) : []);
    } catch {
      return new Map();
    }
  }
}
