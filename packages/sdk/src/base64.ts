/** Bytes as standard base64, without Node's Buffer. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  // fromCharCode takes its input as arguments, whose number is limited.
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(binary);
}
