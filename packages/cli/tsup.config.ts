import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/daybook.ts"],
  format: ["esm"],
  clean: true,
  target: "node22",
  platform: "node",
  splitting: true,
});
