import { copyFile } from "node:fs/promises";
import { defineConfig } from "tsup";
import { commanderInside } from "./build/commander-inside.ts";

export default defineConfig({
  entry: ["src/daybook.ts"],
  format: ["esm"],
  clean: true,
  target: "node22",
  platform: "node",
  // Each verb is a chunk of its own, loaded when it runs.
  splitting: true,
  // One file less to find and without the comments: `daybook --help` is to answer at once (bench C1).
  noExternal: ["commander"],
  esbuildPlugins: [commanderInside],
  removeNodeProtocol: false,
  esbuildOptions: (options) => {
    options.minifyWhitespace = true;
  },
  onSuccess: () => copyFile("node_modules/commander/LICENSE", "dist/LICENSE-commander"),
});
