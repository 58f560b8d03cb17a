import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/daybook.ts"],
  format: ["esm"],
  clean: true,
  target: "node22",
  platform: "node",
  // Each verb is a chunk of its own, loaded when it runs.
  splitting: true,
});
