import koffi from "koffi";

const stderr = 2;
const getFlags = 3;
const setFlags = 4;
const nonBlocking: Readonly<Partial<Record<NodeJS.Platform, number>>> = { linux: 0o4000, darwin: 0x4 };

/**
 * Lets C wait until what it writes is read. Node makes the pipe non-blocking when it opens it, and then C loses
 * whatever comes while the host is busy: reasons of failed loads, and sizes of buffers.
 */
export function keepStderrWhole(): void {
  const flag = nonBlocking[process.platform];
  if (flag === undefined) return;
  const fcntl = koffi.load(null).func("int fcntl(int fd, int command, ...)");
  const flags: number = fcntl(stderr, getFlags);
  if (flags >= 0 && (flags & flag) !== 0) fcntl(stderr, setFlags, "int", flags & ~flag);
}
