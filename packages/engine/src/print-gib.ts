/** A number of bytes as errors tell it. */
export const printGib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
