/**
 * `pnpm rehearse`: a release from the first changeset to an application that is upgraded, against a registry on the loopback address.
 * Nothing of the workspace itself is changed.
 */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeBlocks } from "./docs/markdown.ts";
import type { Served } from "./release/command.ts";
import { Consumer } from "./release/consumer.ts";
import { freePort, type LocalRegistry, localRegistry } from "./release/local-registry.ts";
import { PROGRAMS, TWO_VERSIONS, TYPED_PROGRAMS } from "./release/programs.ts";
import { WorkspaceCopy } from "./release/workspace-copy.ts";

/** Most packages an adapter with the store may bring, beside the framework's own. */
const MOST_PACKAGES = 14;

/** Most commands from an empty folder to a verified record. */
const MOST_COMMANDS = 6;

const begun = performance.now();
const tell = (text: string) => console.log(`${((performance.now() - begun) / 1000).toFixed(0).padStart(4)} s  ${text}`);

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
  tell(`ok: ${what}`);
}

interface Reported {
  readonly type: string;
  readonly action: string;
  readonly request?: { readonly id?: string; readonly route?: string; readonly status?: number };
}

const reported = (consumer: Consumer, ...args: string[]) =>
  JSON.parse(consumer.daybook("report", "--format", "json", ...args)) as Reported[];
const visits = (events: readonly Reported[], route: string) =>
  events.filter(({ action, request }) => action === "request.completed" && request?.route === route).length;

/** Packages npm takes along with these, before it has any. */
function packagesOf(folder: string, npmrc: string, name: string, ...names: string[]): Set<string> {
  const consumer = new Consumer(join(folder, name), "npm", npmrc);
  consumer.write("package.json", "{}");
  consumer.run("npm", "install", "--loglevel=error", "--package-lock-only", ...names);
  const { packages } = JSON.parse(readFileSync(join(consumer.folder, "package-lock.json"), "utf8")) as {
    packages: Record<string, unknown>;
  };
  return new Set(Object.keys(packages).filter(Boolean));
}

function weigh(folder: string, npmrc: string): void {
  const framework = packagesOf(folder, npmrc, "framework", "express");
  const others = [...packagesOf(folder, npmrc, "adapter", "@daybook/express", "@daybook/store-sqlite")]
    .filter((path) => !framework.has(path))
    .map((path) => path.replace("node_modules/", ""));
  check(
    others.length <= MOST_PACKAGES,
    `@daybook/express and @daybook/store-sqlite bring ${others.length} packages beside the framework: ${others.join(", ")}`,
  );
}

/** The commands of the README, and no others. */
async function firstSteps(folder: string, npmrc: string): Promise<Consumer> {
  const consumer = new Consumer(join(folder, "first-steps"), "npm", npmrc);
  const blocks = codeBlocks("README.md");
  const at = blocks.findIndex(({ language }) => language === "ts");
  const [before, { code, info: file }, after] = [blocks[at - 1]!, blocks[at]!, blocks[at + 1]!];
  const port = String(await freePort());
  const here = (text: string) => text.replaceAll("3000", port);
  const commands = [before, after].flatMap((block) => here(block.code).trim().split("\n"));
  check(commands.length <= MOST_COMMANDS, `the README needs ${commands.length} commands from nothing to a verified record`);
  check(before.language === "sh" && after.language === "sh" && file === "app.mjs", `the README says that its program is ${file}`);
  const begun = performance.now();
  let server: Served | undefined;
  for (const line of commands) {
    if (line.endsWith(" &")) {
      consumer.write(file, here(code));
      server = await consumer.serve(line.slice(0, -2), `http://127.0.0.1:${port}/`);
      console.log(`$ ${line}`);
    } else {
      console.log(`$ ${line}\n${consumer.run("sh", "-c", line).trimEnd()}`);
    }
  }
  const seconds = Math.ceil((performance.now() - begun) / 1_000);
  check(consumer.daybook("verify").includes("intact"), `the README leads to a verified record, in ${seconds} s`);
  await server!.stop();
  // From here on the port comes from the environment.
  consumer.write(file, code.replace("3000", "process.env.PORT"));
  check(seconds <= 120, "that is less than two minutes");
  const events = reported(consumer);
  check(visits(events, "/reports") === 1 && visits(events, "(unmatched)") >= 1, "the first program's requests are in its trail");
  return consumer;
}

/** Every way to load the packages, with one package manager. */
async function everyWay(folder: string, manager: "npm" | "pnpm", { npmrc, upstream }: LocalRegistry): Promise<void> {
  const consumer = new Consumer(join(folder, manager), manager, npmrc);
  consumer.write("package.json", JSON.stringify({ name: "consumer", version: "1.0.0", private: true }));
  const daybook = ["@daybook/core", "@daybook/express", "@daybook/fastify", "@daybook/store-sqlite", "daybook"];
  consumer.install(...daybook, "express@5", "fastify@5", "zod", "typescript@7", "@types/express", "@types/node@24");
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
  for (const project of ["tsconfig.esm.json", "tsconfig.cjs.json"]) {
    consumer.run(process.execPath, join("node_modules", "typescript", "bin", "tsc"), "-p", project);
  }
  check(true, `${manager}: strict TypeScript accepts the types in both module systems`);
  check(consumer.daybook("verify").includes("intact"), `${manager}: the trail of all of them is intact`);
  if (manager === "npm") lookForVulnerabilities(consumer, upstream);
}

/** Asks the registry that is behind the local one; the packages of this release are unknown there. */
function lookForVulnerabilities(consumer: Consumer, upstream: string): void {
  const answer = JSON.parse(consumer.audit(upstream)) as { metadata?: { vulnerabilities: { total: number } }; message?: string };
  if (answer.metadata === undefined)
    tell(`not checked for known vulnerabilities: the registry does not support that here (${answer.message})`);
  else check(answer.metadata.vulnerabilities.total === 0, "no package of the installation has a known vulnerability");
}

/** Two versions in one process, one in the middleware and one in a handler, over one file. */
async function twoVersions(consumer: Consumer, older: string): Promise<void> {
  consumer.install(`old-core@npm:@daybook/core@${older}`, `old-store@npm:@daybook/store-sqlite@${older}`);
  consumer.write("two-versions.mjs", TWO_VERSIONS);
  await consumer.visit("two-versions.mjs", ["/notes"]);
  const events = reported(consumer, "--action", "note.recorded");
  const route = events.every(({ request }) => request?.route === "/notes");
  const requests = new Set([...events, ...reported(consumer, "--endpoint", "/notes")].map(({ request }) => request?.id));
  check(
    events.length === 200 && route && requests.size === 1,
    "two versions in one process lose no event and share the context of a request",
  );
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
  await twoVersions(consumer, before.find(({ name }) => name === "@daybook/core")!.version);
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
    weigh(folder, registry.npmrc);
    for (const manager of ["npm", "pnpm"] as const) await everyWay(folder, manager, registry);
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
