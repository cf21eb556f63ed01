/** The sources of llama.cpp, as git packs them. */
export declare const llamaBundle: string;
/** Of all packages of node-llama-cpp; undefined before they are installed. */
export declare function nodeLlamaCppVersion(): string | undefined;
/** The revision that the bundle holds and the libraries are built from, in short; undefined before they are installed. */
export declare function llamaRevision(): string | undefined;
