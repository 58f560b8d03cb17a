import type { Options } from "tsup";

/** Every published library: ESM and CJS, one bundled declaration file each. */
export const library: Options = {
  entry: ["src/index.ts"],
  format: ["esm", "cjs"],
  dts: true,
  clean: true,
  sourcemap: false,
  target: "node22",
  platform: "node",
  splitting: false,
};
