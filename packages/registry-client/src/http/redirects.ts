import { RegistryError } from "../errors.ts";

/** As many as Go's client follows. */
export const maxRedirects = 10;

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * Where a redirect leads.
 * @throws RegistryError `REDIRECT_REFUSED` without a usable Location, to another scheme, or from https down to http
 */
export function redirectTarget(from: URL, location: string | undefined): URL {
  const target = location === undefined ? null : URL.parse(location, from.href);
  if (target === null) {
    throw new RegistryError("REDIRECT_REFUSED", "http: no Location header in response", {
      details: { host: from.host },
    });
  }
  if (target.protocol !== "https:" && target.protocol !== "http:") {
    throw new RegistryError(
      "REDIRECT_REFUSED",
      `${from.host} redirects to the scheme ${target.protocol}, which is not followed`,
    );
  }
  if (from.protocol === "https:" && target.protocol === "http:") {
    throw new RegistryError(
      "REDIRECT_REFUSED",
      `${from.host} redirects from https to http at ${target.host}, which is not followed`,
    );
  }
  // User names in URLs would become credentials that nobody configured.
  target.username = "";
  target.password = "";
  target.hash = "";
  return target;
}

export function tooManyRedirects(host: string): RegistryError {
  return new RegistryError(
    "REDIRECT_REFUSED",
    `${host} redirects in a loop: stopped after ${maxRedirects} redirects`,
  );
}
