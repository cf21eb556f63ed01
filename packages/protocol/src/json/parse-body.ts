import { scanJson } from "./scan-json.ts";

export type ParsedBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly status: 400 | 413; readonly error: string };

export interface BodyLimits {
  /** Characters or bytes, as given; 256 MiB by default, room for many pictures. */
  readonly maxLength?: number;
  /** Nesting of arrays and objects; 1000 by default. Guards the recursion of whatever reads the value. */
  readonly maxDepth?: number;
}

/**
 * Reads the first JSON value of a request body, as Go's decoder does: what follows it is ignored, of equal keys the
 * last wins, invalid UTF-8 is replaced. Numbers become 64-bit floats, as in Go's `any`: integers beyond 2^53 are
 * rounded. Keys keep their order, except that JavaScript puts integer-like keys (`"1"`) first.
 * @param body  bytes, where a byte order mark shall be refused as Go does, or text
 */
export function parseBody(body: string | Uint8Array, limits: BodyLimits = {}): ParsedBody {
  const { maxLength = 256 * 1024 * 1024, maxDepth = 1000 } = limits;
  if (body.length > maxLength) return { ok: false, status: 413, error: "request body too large" };
  const text = typeof body === "string" ? body : new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);
  const parsed = parseFirst(text);
  if (parsed.ok && isDeeperThan(parsed.value, maxDepth)) return refuse("exceeded max depth");
  return parsed;
}

function parseFirst(text: string): ParsedBody {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // The scan below finds out why, in Go's words; or that only a tail was in the way.
  }
  if (/^[ \t\r\n]*$/.test(text)) return refuse("missing request body");
  const scan = scanJson(text);
  return scan.ok ? { ok: true, value: JSON.parse(text.slice(scan.start, scan.end)) } : refuse(scan.error);
}

function isDeeperThan(value: unknown, maxDepth: number): boolean {
  let level: object[] = isContainer(value) ? [value] : [];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= maxDepth) return true;
    level = level.flatMap((container) => Object.values(container).filter(isContainer));
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function refuse(error: string): ParsedBody {
  return { ok: false, status: 400, error };
}
