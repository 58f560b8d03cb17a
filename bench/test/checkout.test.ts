import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startSide } from "../measure/side.ts";

it("a side loads its packages from another checkout", async () => {
  const checkout = mkdtempSync(join(tmpdir(), "daybook-checkout-"));
  onTestFinished(() => rmSync(checkout, { recursive: true, force: true }));
  const core = join(checkout, "bench", "node_modules", "@daybook", "core");
  mkdirSync(core, { recursive: true });
  writeFileSync(join(core, "package.json"), JSON.stringify({ name: "@daybook/core", type: "module", exports: "./index.js" }));
  writeFileSync(join(core, "index.js"), 'export const checkout = "the other one";\n');
  const side = await startSide("../test/fixtures/package-name", { checkout });
  onTestFinished(() => side.end());
  expect((await side.call("packageName")).value).toBe("the other one");
});
