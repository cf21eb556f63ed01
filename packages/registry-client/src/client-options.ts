import type { Store } from "@puna/blob-store";
import type { buildConnector } from "undici";
import type { TargetPolicy } from "./http/address-guard.ts";
import type { FindCredentials } from "./http/docker-credentials.ts";
import type { Resolve } from "./http/guarded-connector.ts";
import type { ProxySettings } from "./http/proxy-settings.ts";
import type { RetryPolicy } from "./http/retry.ts";
import type { Signer } from "./http/token-request.ts";

export interface RegistryClientOptions {
  readonly store: Store;
  /** key for Ollama's token flow, made when first needed; without one tokens are asked for anonymously */
  readonly identity?: () => Promise<Signer>;
  /** which registries and addresses may be talked to */
  readonly policy?: TargetPolicy;
  /** passwords by registry host; `dockerCredentials(file)` reads those of `docker login` */
  readonly credentials?: FindCredentials;
  /** token services under another host name than the registry: registry host → realm hosts */
  readonly realms?: Readonly<Record<string, readonly string[]>>;
  readonly proxy?: ProxySettings;
  /** PEM certificates to trust beside the system's */
  readonly certificateAuthority?: string | readonly string[];
  /** how this program calls itself; default `puna` */
  readonly userAgent?: string;
  readonly retry?: Partial<RetryPolicy>;
  /** give a connection up after so long without data; default 30 s */
  readonly stallMs?: number;
  /** connections of all transfers together; default 24 */
  readonly maxConnections?: number;
  /** bytes in memory between network and disk, all transfers together; default 56 MiB */
  readonly windowBytes?: number;
  /** bytes of one request of an upload; default 100 MB, as Ollama sends them */
  readonly uploadPartBytes?: number;
  /** bandwidth of all downloads together; default unlimited */
  readonly bytesPerSecond?: number;
  /** leave layers of a replaced model in the store; default false */
  readonly keepReplacedLayers?: boolean;
  /** hosts that speak Hugging Face's API beside the registry protocol; default `hf.co` and `huggingface.co` */
  readonly huggingFaceHosts?: readonly string[];
  /** opens sockets in place of the built-in connector */
  readonly connector?: buildConnector.connector;
  /** looks names up in place of the system */
  readonly resolve?: Resolve;
}

export interface TransferOptions {
  /** plain HTTP instead of HTTPS */
  readonly insecure?: boolean;
  readonly signal?: AbortSignal;
}
