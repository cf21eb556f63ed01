import type { ServerRoutes } from "./server-routes.ts";

export type Account =
  | { readonly type: "signed-in"; readonly name: string }
  | { readonly type: "signed-out"; readonly signInUrl: string | undefined };

/** @throws PunaError where the server has no accounts, or cannot reach them: `account unavailable` */
export async function readAccount(routes: ServerRoutes): Promise<Account> {
  const { name, signin_url } = await routes.account();
  return name === undefined || name === ""
    ? { type: "signed-out", signInUrl: signin_url }
    : { type: "signed-in", name };
}

export function describeSignIn({ signInUrl }: { readonly signInUrl: string | undefined }): string {
  return signInUrl === undefined
    ? "The server gave no address to sign in at.\n"
    : `To sign in, open this address in a browser:\n    ${signInUrl}\n`;
}
