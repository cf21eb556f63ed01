/** Calls back when a terminal changes its size; what tests use instead has none. @returns stops that */
export function onResize(output: object, callback: () => void): () => void {
  if (!("on" in output && "off" in output)) return () => {};
  // Both belong to every stream that has one of them.
  const stream = output as NodeJS.WriteStream;
  stream.on("resize", callback);
  return () => {
    stream.off("resize", callback);
  };
}
