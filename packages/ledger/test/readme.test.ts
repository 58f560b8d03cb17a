import { readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";

it("the README shows a program that runs", async () => {
  const printed: unknown[][] = [];
  vi.spyOn(console, "log").mockImplementation((...args) => void printed.push(args));
  await import("./readme-program.ts");
  vi.restoreAllMocks();
  expect(printed).toEqual([['{"action":"book.returned"}', "not shown:", [1]]]);
  const program = readFileSync(new URL("./readme-program.ts", import.meta.url), "utf8");
  expect(readFileSync(new URL("../README.md", import.meta.url), "utf8")).toContain(`\`\`\`ts\n${program}\`\`\`\n`);
});
