import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import webpack from "webpack";
import { type ConsumerProject, consumerProject } from "../../testkit/test/support/consumer-project.ts";

const PROGRAM = `
import { createAuditLog } from "@daybook/core";
import { auditMiddleware } from "@daybook/express";
import { openSqliteStore } from "@daybook/store-sqlite";
import express from "express";

async function main() {
  const audit = createAuditLog({ store: await openSqliteStore({ path: "data/audit.db" }) });
  const app = express();
  app.use(auditMiddleware({ audit }));
  app.get("/reports", (request, response) => { response.json([]); });
  const server = app.listen(0, "127.0.0.1", async () => {
    await (await fetch("http://127.0.0.1:" + server.address().port + "/reports")).json();
    server.close();
  });
}
main();
`;

/** Builds the program into `file` of another folder, which has the native driver and nothing else of it. */
type Bundler = (entry: string, file: string) => Promise<void>;

const esbuildCommon: Bundler = async (entry, file) => {
  await build({ entryPoints: [entry], outfile: file, bundle: true, platform: "node", format: "cjs", minify: true, logLevel: "silent" });
};

const esbuildModule: Bundler = async (entry, file) => {
  // Express asks for Node's modules by `require`, which a bundle of ES modules has to be given.
  const js = 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);';
  await build({ entryPoints: [entry], outfile: file, bundle: true, platform: "node", format: "esm", banner: { js }, logLevel: "silent" });
};

const webpackCommon: Bundler = (entry, file) =>
  new Promise((resolve, reject) => {
    const output = { path: join(file, ".."), filename: file.slice(join(file, "..").length + 1) };
    webpack({ entry, output, target: "node", mode: "production", optimization: { minimize: false } }, (error, stats) => {
      if (error !== null) reject(error);
      else if (stats?.hasErrors()) reject(new Error(stats.toString({ all: false, errors: true })));
      else resolve();
    });
  });

describe.each<[string, Bundler, string]>([
  ["esbuild into CommonJS", esbuildCommon, "server.cjs"],
  ["esbuild into ES modules", esbuildModule, "server.mjs"],
  ["webpack", webpackCommon, "server.cjs"],
])("an application bundled by %s", (_bundler, bundle, file) => {
  it("records in SQLite", { timeout: 120_000 }, async () => {
    const source = consumerProject(["core", "express", "store-sqlite"], { express: "express" });
    source.write("app.mjs", PROGRAM);
    const deployed: ConsumerProject = consumerProject([], { "better-sqlite3": "store-sqlite" });
    await bundle(join(source.folder, "app.mjs"), join(deployed.folder, file));
    const { stderr } = await deployed.node(file);
    expect(stderr).not.toMatch(/thread/);
    expect(deployed.auditLog().filter((row) => row.event_type === "endpoint")).toEqual([
      { event_type: "endpoint", endpoint: "/reports", user_id: null },
    ]);
  });
});
