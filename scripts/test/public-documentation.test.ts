import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fillConsumerFolder, STRICT } from "../docs/consumer-folder.ts";
import { ROOT } from "../docs/markdown.ts";
import { documentationOf, examplesOf, libraries, publicNames, surfaceProgram } from "../docs/public-surface.ts";

const program = surfaceProgram();
const checker = program.getTypeChecker();
const surface = libraries().map((library) => ({ library, names: publicNames(program, library) }));

describe("the documentation of public names", () => {
  const undocumented = surface.flatMap(({ library, names }) =>
    names.filter(({ symbol }) => documentationOf(checker, symbol) === "").map(({ name }) => `${library}: ${name}`),
  );
  const total = surface.reduce((sum, { names }) => sum + names.length, 0);

  it("covers at least 90 %", () => {
    const share = 1 - undocumented.length / total;
    expect(share, `without a comment: ${undocumented.join(", ")}`).toBeGreaterThanOrEqual(0.9);
  });

  const examples = surface.flatMap(({ library, names }) =>
    names.flatMap(({ name, symbol }) =>
      examplesOf(checker, symbol).map((code, i) => ({ file: `${library.replace("/", "-")}-${name}-${i}.ts`, code })),
    ),
  );

  it("has at least 30 examples", () => {
    expect(examples.length).toBeGreaterThanOrEqual(30);
  });

  describe("as a strict user would compile it", () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "daybook-examples-")));
    afterAll(() => rmSync(folder, { recursive: true }));

    it("has examples without an error", { timeout: 120_000 }, () => {
      fillConsumerFolder(folder);
      mkdirSync(join(folder, "src"));
      for (const { file, code } of examples) writeFileSync(join(folder, "src", file), `${code}\nexport {};\n`);
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: STRICT, include: ["src"] }));
      const { stdout } = spawnSync(join(ROOT, "node_modules", ".bin", "tsc"), ["-p", folder], { cwd: folder, encoding: "utf8" });
      expect(stdout).toBe("");
    });
  });
});
