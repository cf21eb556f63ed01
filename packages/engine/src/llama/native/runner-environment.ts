// What the host put into the environment that it made for this runner.

/** The variable that names a folder with llama.cpp's libraries, such as those that were built for this very processor. */
export const ownFolderVariable = "PUNA_LLAMA_LIBRARIES";

export function ownFolder(): string | undefined {
  return process.env[ownFolderVariable] || undefined;
}

/** `PUNA_MATMUL=stock` leaves all products to llama.cpp. */
export function wantsStockMatmul(): boolean {
  return process.env["PUNA_MATMUL"] === "stock";
}
