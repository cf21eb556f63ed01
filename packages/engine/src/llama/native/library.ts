import koffi from "koffi";
import { EngineError } from "../../errors.ts";
import { ggmlBasePrototypes, ggmlPrototypes, llamaPrototypes, structs } from "./header.ts";
import { type LibraryFiles, locateLibraries } from "./locate.ts";
import { loadOwnMatmul, type OwnMatmul } from "./own-matmul.ts";
import { ownFolder, ownFolderVariable } from "./runner-environment.ts";
import { verifyLayout } from "./verify.ts";

/** An address in native memory; null where C says NULL. */
export type Pointer = bigint | null;

type Prototype =
  | (typeof llamaPrototypes)[number]
  | (typeof ggmlPrototypes)[number]
  | (typeof ggmlBasePrototypes)[number];

type LastWord<TText extends string> = TText extends `${string} ${infer TRest}`
  ? LastWord<TRest>
  : TText extends `*${infer TName}`
    ? TName
    : TText;

type NameOf<TPrototype extends string> = TPrototype extends `${infer TBefore}(${string}`
  ? LastWord<TBefore>
  : never;

type Returned<TPrototype extends string> = TPrototype extends `void *${string}`
  ? Pointer
  : TPrototype extends `const char *${string}`
    ? string | null
    : TPrototype extends `void ${string}`
      ? undefined
      : TPrototype extends `bool ${string}`
        ? boolean
        : TPrototype extends `${"int" | "int32_t" | "uint32_t" | "uint64_t" | "size_t"} ${string}`
          ? number
          : Record<string, unknown>;

type Argument = number | bigint | boolean | string | null | object;

type Native<TResult> = ((...args: readonly Argument[]) => TResult) & {
  /** Runs on the one worker thread; the last argument is `(error, result) => void`. */
  readonly async: (...args: readonly Argument[]) => void;
};

/** Every function of the header table by its C name, with the result that its prototype promises. */
type LlamaFunctions = { readonly [TProto in Prototype as NameOf<TProto>]: Native<Returned<TProto>> };

export interface LlamaLibrary {
  readonly c: LlamaFunctions;
  readonly folder: string;
  readonly version: string;
  /** Absent where llama.cpp's own kernels do it all. */
  readonly ownMatmul?: OwnMatmul;
  /** Addresses of C functions that C calls back; no JavaScript runs on a worker thread. */
  readonly isEmptyAddress: Pointer;
  readonly silentLogAddress: Pointer;
}

let loaded: LlamaLibrary | undefined;

/**
 * Loads llama.cpp from node-llama-cpp's prebuilt libraries, once per process, and holds it against the header.
 * @throws EngineError `UNSUPPORTED` when there is none for this platform or it is not one we know
 */
export function loadLlamaLibrary(): LlamaLibrary {
  loaded ??= load();
  return loaded;
}

function load(): LlamaLibrary {
  const reasons: string[] = [];
  // C runs on stacks of koffi's own; deep grammars and large graphs need more than its defaults.
  koffi.config({ sync_stack_size: 8 << 20, async_stack_size: 8 << 20 });
  for (const files of locateLibraries(process.platform, process.arch, ownFolder())) {
    try {
      return bind(files);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  const why = reasons.length === 0 ? whyNone() : reasons.join("; ");
  throw new EngineError("UNSUPPORTED", `the native driver found no llama.cpp that it can use: ${why}`);
}

function whyNone(): string {
  const own = ownFolder();
  return own
    ? `${ownFolderVariable} names ${own}, where libllama, libggml and libggml-base do not lie together`
    : `none is installed for ${process.platform}-${process.arch}`;
}

function bind(files: LibraryFiles): LlamaLibrary {
  // The base comes first, so that the others find it whatever the platform's search rules are.
  const base = koffi.load(files.ggmlBase);
  // Missing GPU run-time libraries show here, with their names; llama.cpp itself would fall back in silence.
  if (files.gpu !== undefined) koffi.load(files.gpu);
  const ggml = koffi.load(files.ggml);
  const llama = koffi.load(files.llama);
  declareStructs();
  const c = Object.fromEntries([
    ...llamaPrototypes.map((prototype) => [nameOf(prototype), llama.func(prototype)]),
    ...ggmlPrototypes.map((prototype) => [nameOf(prototype), ggml.func(prototype)]),
    ...ggmlBasePrototypes.map((prototype) => [nameOf(prototype), base.func(prototype)]),
  ]) as LlamaFunctions; // Built from the very tables that the type is made of.
  const version = verifyLayout(llama);
  // Once the version is known, and before the libraries that call it. Those of the user's own stay as they are.
  // Where binding fails after this they stay in the process, and serve what is tried next, the portable driver too.
  // That is sound: all are packages of one node-llama-cpp, which fixes their version to its own, the one that was
  // just verified. (A model that fails to load leaves nothing: its process is ended.)
  const ownMatmul = ownFolder() ? undefined : loadOwnMatmul();
  const library: LlamaLibrary = {
    c,
    folder: files.folder,
    version,
    ...(ownMatmul === undefined ? {} : { ownMatmul }),
    isEmptyAddress: koffi.address(base.symbol("ggml_is_empty")),
    silentLogAddress: koffi.address(base.symbol("ggml_version")),
  };
  c.ggml_backend_load_all_from_path(files.folder);
  if (c.ggml_backend_dev_count() === 0)
    throw new Error(`no backend in ${files.folder} runs on this processor`);
  c.llama_backend_init();
  return library;
}

let declared = false;

/** koffi's type names are global in a process. */
export function declareStructs(): void {
  if (declared) return;
  declared = true;
  for (const [name, fields] of Object.entries(structs)) koffi.struct(name, { ...fields });
}

function nameOf(prototype: string): string {
  const name = /(\w+)\(/.exec(prototype)?.[1];
  if (name === undefined) throw new Error(`no function name in "${prototype}"`);
  return name;
}
