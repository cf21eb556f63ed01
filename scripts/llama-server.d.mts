/** Where the llama-server of a kind is, or will be. */
export declare function peerPath(kind: "fetched" | "built"): string;
