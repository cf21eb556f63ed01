import { createPublicKey, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseChallenge } from "../src/http/challenge.ts";
import { signTokenRequest, tokenUrl } from "../src/http/token-request.ts";
import { haveVectors, readVectors } from "./support.ts";

interface SignatureCase {
  readonly id: string;
  readonly challenge: string;
  readonly public_key_line: string;
  readonly request_url: string;
  readonly request_headers: { readonly Authorization: string };
  readonly signed_text: string;
  readonly signature_base64: string;
}

const cases = haveVectors() ? readVectors<SignatureCase>("registry/signatures.json").cases : [];

describe.skipIf(cases.length === 0)("recorded token requests", () => {
  test.each(cases.map((recorded) => [recorded.id, recorded] as const))(
    "%s: same URL, same text to sign",
    (_id, recorded) => {
      const challenge = parseChallenge(recorded.challenge);
      if (challenge === undefined) throw new Error("The challenge was not understood");
      const { searchParams } = new URL(recorded.request_url);
      const url = tokenUrl(challenge, {
        unixSeconds: Number(searchParams.get("ts")),
        nonce: searchParams.get("nonce") ?? "",
      });
      expect(url.href).toBe(recorded.request_url);
      const texts: string[] = [];
      const publicKey = recorded.public_key_line.split(" ")[1] ?? "";
      const header = signTokenRequest(url, {
        publicKey,
        sign: (text) => {
          texts.push(text);
          return recorded.signature_base64;
        },
      });
      expect(texts).toEqual([recorded.signed_text]);
      expect(header).toBe(recorded.request_headers.Authorization);
      const x = Buffer.from(publicKey, "base64").subarray(-32).toString("base64url");
      const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
      expect(
        verify(
          null,
          Buffer.from(recorded.signed_text),
          key,
          Buffer.from(recorded.signature_base64, "base64"),
        ),
      ).toBe(true);
      console.log(`signature recordings: ${cases.length} ran`);
    },
  );
});
