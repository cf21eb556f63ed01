export declare const models: Readonly<
  Record<string, { readonly file: string; readonly sha256: string; readonly packages: readonly string[] }>
>;
/** Folder of the downloaded models. */
export declare function cacheDir(): string;
/** Path of one of `models`, whether it is there or not. */
export declare function modelPath(name: string): string;
export declare function fetchModel(
  name: string,
  options?: { readonly log?: (line: string) => void },
): Promise<string>;
