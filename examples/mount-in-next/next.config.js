/** @type {import("next").NextConfig} */
export default {
  // It starts processes and loads native code, so it stays a package and is not bundled.
  serverExternalPackages: ["puna"],
};
