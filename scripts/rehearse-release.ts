/**
 * `pnpm rehearse`: a release from the first changeset to an application that is upgraded, against a registry on the loopback address.
 * Nothing of the workspace itself is changed.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeBlocks } from "./docs/markdown.ts";
import { Consumer } from "./release/consumer.ts";
import { type LocalRegistry, localRegistry } from "./release/local-registry.ts";
import { PROGRAMS, TYPED_PROGRAMS } from "./release/programs.ts";
import { WorkspaceCopy } from "./release/workspace-copy.ts";

/** Most packages an adapter with the store may bring, beside the framework's own. */
const MOST_PACKAGES = 14;

const begun = performance.now();
const tell = (text: string) => console.log(`${((performance.now() - begun) / 1000).toFixed(0).padStart(4)} s  ${text}`);

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
  tell(`ok: ${what}`);
}

interface Reported {
  readonly type: string;
  readonly action: string;
  readonly request?: { readonly route?: string; readonly status?: number };
}

const reported = (consumer: Consumer, ...args: string[]) =>
  JSON.parse(consumer.daybook("report", "--format", "json", ...args)) as Reported[];
const visits = (events: readonly Reported[], route: string) =>
  events.filter(({ action, request }) => action === "request.completed" && request?.route === route).length;

/** Packages below a folder that npm or pnpm installed, by name. */
const installed = (consumer: Consumer) =>
  new Set(
    consumer
      .run("npm", "ls", "--all", "--parseable")
      .split("\n")
      .slice(1)
      .filter(Boolean)
      .map((path) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)),
  );

/** What somebody does who follows the README and nothing else. */
async function firstSteps(folder: string, npmrc: string): Promise<Consumer> {
  const consumer = new Consumer(join(folder, "first-steps"), "npm", npmrc);
  consumer.run("npm", "init", "--yes");
  const framework = new Consumer(join(folder, "framework"), "npm", npmrc);
  framework.run("npm", "init", "--yes");
  framework.install("express");
  consumer.install("@daybook/express", "@daybook/store-sqlite");
  const others = [...installed(consumer)].filter((name) => !installed(framework).has(name));
  check(
    others.length <= MOST_PACKAGES,
    `@daybook/express and @daybook/store-sqlite bring ${others.length} packages beside the framework: ${others.join(", ")}`,
  );
  consumer.install("daybook");
  const program = codeBlocks("README.md").find(({ language }) => language === "ts")!.code;
  check(program.includes("app.listen(3000)"), "the README begins with a program that listens");
  consumer.write("app.mjs", program.replace("app.listen(3000)", "app.listen(process.env.PORT)"));
  await consumer.visit("app.mjs", ["/reports", "/nowhere"]);
  const events = reported(consumer);
  check(visits(events, "/reports") === 1 && visits(events, "(unmatched)") >= 1, "the first program's requests are in its trail");
  check(consumer.daybook("verify").includes("intact"), "daybook verify finds the trail intact");
  return consumer;
}

/** Every way to load the packages, with one package manager. */
async function everyWay(folder: string, manager: "npm" | "pnpm", npmrc: string): Promise<void> {
  const consumer = new Consumer(join(folder, manager), manager, npmrc);
  consumer.write("package.json", JSON.stringify({ name: "consumer", version: "1.0.0", private: true }));
  const daybook = ["@daybook/core", "@daybook/express", "@daybook/fastify", "@daybook/store-sqlite", "daybook"];
  consumer.install(...daybook, "express@5", "fastify@5", "zod", "typescript@5", "@types/express", "@types/node@24");
  for (const [file, text] of Object.entries({ ...PROGRAMS, ...TYPED_PROGRAMS })) consumer.write(file, text);
  let asked = 0;
  for (const file of Object.keys(PROGRAMS)) {
    await consumer.visit(file, ["/reports", "/denied"]);
    const events = reported(consumer);
    check(
      visits(events, "/reports") === ++asked && events.filter(({ action }) => action === "permission.denied").length === asked,
      `${manager}: ${file} records a request and a denial`,
    );
  }
  consumer.run(process.execPath, join("node_modules", "typescript", "bin", "tsc"), "-p", ".");
  check(true, `${manager}: strict TypeScript accepts the types in both module systems`);
  check(consumer.daybook("verify").includes("intact"), `${manager}: the trail of all of them is intact`);
}

async function upgrade(consumer: Consumer, copy: WorkspaceCopy, npmrc: string): Promise<void> {
  const before = copy.published();
  copy.addMinorChange();
  copy.version();
  copy.publish(npmrc);
  const after = copy.published();
  check(
    after.every(({ version }, i) => version !== before[i]!.version),
    `a minor change raises all versions, such as ${after[0]!.name} ${before[0]!.version} to ${after[0]!.version}`,
  );
  consumer.install("@daybook/express@latest", "@daybook/store-sqlite@latest", "daybook@latest");
  check(
    consumer.daybook("--version").trim() === after.find(({ name }) => name === "daybook")!.version,
    "the application takes the new version",
  );
  check(visits(reported(consumer), "/reports") === 1, "the old database still opens");
  await consumer.visit("app.mjs", ["/reports"]);
  check(visits(reported(consumer), "/reports") === 2, "and goes on");
  check(consumer.daybook("verify").includes("intact"), "and is intact from the first record to the last");
}

async function rehearse(folder: string): Promise<void> {
  tell("copying the workspace");
  mkdirSync(join(folder, "workspace"));
  const copy = new WorkspaceCopy(join(folder, "workspace"));
  copy.version();
  check(
    copy.published().every(({ version }) => version !== "0.0.0"),
    "every published package has a changeset that gives it a version",
  );
  tell("starting the registry");
  let registry: LocalRegistry | undefined;
  try {
    registry = await localRegistry(folder);
    copy.publish(registry.npmrc);
    tell(`published ${copy.published().length} packages to ${registry.url}`);
    const consumer = await firstSteps(folder, registry.npmrc);
    for (const manager of ["npm", "pnpm"] as const) await everyWay(folder, manager, registry.npmrc);
    await upgrade(consumer, copy, registry.npmrc);
  } finally {
    await registry?.stop();
  }
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), "daybook-release-")));
try {
  await rehearse(folder);
  tell("the release works");
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : cause);
  process.exitCode = 1;
} finally {
  if (process.env.KEEP_REHEARSAL === undefined) rmSync(folder, { recursive: true, force: true });
  else console.log(`kept: ${folder}`);
}
