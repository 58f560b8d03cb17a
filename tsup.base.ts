import type { Options } from "tsup";

/** Every published library: ESM and CJS, one bundled declaration file each. */
export const library: Options = {
  entry: ["src/index.ts"],
  format: ["esm", "cjs"],
  // Who only wants to run the packages, as the demo does, need not wait for their declarations.
  dts: process.env.DAYBOOK_DECLARATIONS !== "none",
  clean: true,
  sourcemap: false,
  target: "node22",
  platform: "node",
  splitting: false,
};
