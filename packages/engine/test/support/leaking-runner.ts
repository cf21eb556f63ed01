// A runner whose memory grows without end, as one with a leak does over days.
import "../../src/runner-child/main.ts";

const kept: Buffer[] = [];
setInterval(() => kept.push(Buffer.alloc(64 * 2 ** 20, kept.length + 1)), 20);
