/** Path of the embedding model, whether it is there or not. */
export declare function miniLmPath(): string;
export declare function fetchMiniLm(options?: { readonly log?: (line: string) => void }): Promise<string>;
