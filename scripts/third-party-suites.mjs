/**
 * `pnpm third-party [NAME...] [--express-tests DIR]`: runs the test suites that other projects ship in their npm packages twice, once with a middleware that does
 * nothing and once with Daybook's, and fails where Daybook fails more. Express ships no tests: give the `test` folder of a
 * checkout of it. Everything happens in a temporary folder and on 127.0.0.1; installing is the only use of the network.
 */

import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build, ROOT } from "./run.mjs";

const LONGEST_RUN_MS = 20 * 60_000;
const LONGEST_TEST_MS = 60_000;
/** How often a test that failed with Daybook only is repeated alone before it counts. */
const REPEATS = 3;

/** What only style and type checks need is not installed. */
const NOT_NEEDED =
  /eslint|neostandard|^standard$|tstyche|tsd$|typescript|ts-node|^c8$|nyc|coveralls|autocannon|markdownlint|branch-comparer|concurrently|^@types\/|borp/;

const SUITES = [
  { name: "fastify", from: "fastify", main: "fastify.js", kind: "fastify", files: ["test/**/*.test.js"] },
  { name: "@fastify/middie", from: "fastify", main: "index.js", kind: "engine", files: ["test/*.test.js"] },
  { name: "@fastify/express", from: "fastify", main: "index.js", kind: "engine", files: ["test/*.test.js"] },
  { name: "pino-http", main: "logger.js", version: "11.0.0", kind: "connect", files: ["test/test.js"] },
  { name: "express", from: "express", main: "index.js", kind: "express", mocha: true },
];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { "express-tests": { type: "string" } } });
const expressTests = values["express-tests"];
const folder = realpathSync(mkdtempSync(join(tmpdir(), "daybook-third-party-")));
let worse = 0;
try {
  build("@daybook/express", "@daybook/fastify");
  for (const suite of SUITES) {
    if (positionals.length > 0 && !positionals.includes(suite.name)) continue;
    if (suite.name === "express" && expressTests === undefined) {
      console.log("express: its package ships no tests; give --express-tests DIR to run those of a checkout");
      continue;
    }
    worse += await compare(suite);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(worse === 0 ? 0 : 1);

/** Answers how many tests fail with Daybook only. */
async function compare(suite) {
  const { where, version } = await fetchSuite(suite);
  const empty = await runSuite(suite, where, "nothing", suite.files);
  const daybook = await runSuite(suite, where, "daybook", suite.files);
  const known = new Set(empty.failed.map(({ test }) => test));
  const more = [];
  for (const failure of daybook.failed) {
    if (known.has(failure.test) || more.some(({ test }) => test === failure.test)) continue;
    if (suite.mocha || (await failsAlone(suite, where, failure))) more.push(failure);
  }
  const line = ({ passed, failed }) => `${passed} passed, ${failed.length} failed`;
  console.log(`${suite.name} ${version}: with nothing ${line(empty)}; with Daybook ${line(daybook)}, ${daybook.records} records made`);
  for (const { test, why } of empty.failed) console.log(`  fails with nothing, too: ${test} (${why})`);
  for (const problem of new Set(daybook.problems)) console.log(`  reported by the audit log: ${problem}`);
  for (const { test, why } of more) console.log(`  FAILS WITH DAYBOOK: ${test} (${why})`);
  return more.length;
}

/** False for a test that does not fail again, or fails alone with nothing mounted, too: it depends on the load of the machine. */
async function failsAlone(suite, where, { file, test }) {
  for (let i = 0; i < REPEATS; i++) {
    const again = await runSuite(suite, where, "daybook", [file]);
    if (!again.failed.some((failure) => failure.test === test)) return false;
  }
  return !(await runSuite(suite, where, "nothing", [file])).failed.some((failure) => failure.test === test);
}

async function fetchSuite({ name, from, version: given, mocha }) {
  const version = given ?? JSON.parse(readFileSync(join(ROOT, "packages", from, "node_modules", name, "package.json"), "utf8")).version;
  const where = join(folder, name.replaceAll(/[@/]/g, "_"));
  mkdirSync(where);
  await command("npm", ["pack", "--silent", `${name}@${version}`, "--pack-destination", where], where);
  const tarball = join(where, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
  await command("tar", ["xzf", tarball, "--strip-components=1", "-C", where], where);
  if (mocha) for (const part of ["test", "examples"]) copyBeside(part, where);
  const manifest = JSON.parse(readFileSync(join(where, "package.json"), "utf8"));
  if (mocha) Object.assign(manifest.devDependencies, neededBeside(manifest.dependencies));
  manifest.devDependencies = Object.fromEntries(Object.entries(manifest.devDependencies).filter(([each]) => !NOT_NEEDED.test(each)));
  writeFileSync(join(where, "package.json"), JSON.stringify(manifest));
  await command("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--legacy-peer-deps"], where);
  return { where, version };
}

/** What the tests of a checkout import, which may be of another version than the package they are run on. */
function neededBeside(own) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(expressTests, "..", "package.json"), "utf8"));
  return Object.fromEntries(Object.entries({ ...dependencies, ...devDependencies }).filter(([name]) => !(name in own)));
}

function copyBeside(part, where) {
  const from = join(expressTests, "..", part);
  if (existsSync(from)) cpSync(from, join(where, part), { recursive: true });
}

async function runSuite({ kind, main, mocha }, where, mount, files) {
  if (mocha && files === undefined)
    return merged(await inTurns(mochaFiles(where), (file) => runSuite({ kind, main, mocha }, where, mount, [file])));
  const count = join(folder, `count-${mount}`);
  writeFileSync(count, "");
  const env = {
    ...process.env,
    NODE_OPTIONS: `--require ${join(ROOT, "scripts/third-party/mount.cjs")}`,
    THIRD_PARTY_WRAP: join(where, main),
    THIRD_PARTY_KIND: kind,
    THIRD_PARTY_MOUNT: mount,
    THIRD_PARTY_COUNT: count,
  };
  const args = mocha
    ? ["node_modules/.bin/mocha", "--require", "test/support/env", "--reporter", "json", "--timeout", "10000", "--exit", ...files]
    : [
        "--test",
        "--test-force-exit",
        `--test-timeout=${LONGEST_TEST_MS}`,
        `--test-reporter=${join(ROOT, "scripts/third-party/failures.mjs")}`,
        ...files,
      ];
  const output = await command(process.execPath, args, where, env);
  const lines = readFileSync(count, "utf8").split("\n").filter(Boolean);
  const isCount = (line) => /^\d+$/.test(line);
  return {
    ...(mocha ? readMocha(output, files[0]) : readLines(output)),
    records: lines.filter(isCount).reduce((sum, line) => sum + Number(line), 0),
    problems: lines.filter((line) => !isCount(line)),
  };
}

function readLines(output) {
  const answers = output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  return { failed: answers.filter((answer) => "test" in answer), passed: answers.find((answer) => "passed" in answer)?.passed ?? 0 };
}

/** One process for each file: one that cannot be loaded, as it is of another version, leaves the others. */
function mochaFiles(where) {
  return ["test", "test/acceptance"].flatMap((under) =>
    readdirSync(join(where, under))
      .filter((name) => name.endsWith(".js"))
      .map((name) => `${under}/${name}`),
  );
}

async function inTurns(items, action) {
  const answers = [];
  for (const item of items) answers.push(await action(item));
  return answers;
}

function merged(runs) {
  return {
    passed: runs.reduce((sum, { passed }) => sum + passed, 0),
    records: runs.reduce((sum, { records }) => sum + records, 0),
    failed: runs.flatMap(({ failed }) => failed),
    problems: runs.flatMap(({ problems }) => problems),
  };
}

function readMocha(output, file) {
  const begin = output.indexOf("{\n");
  if (begin < 0) return { passed: 0, failed: [{ test: file, file, why: "cannot be loaded" }] };
  const { stats, failures } = JSON.parse(output.slice(begin));
  return {
    passed: stats.passes,
    failed: failures.map(({ fullTitle, file, err }) => ({ test: fullTitle, file, why: String(err.message).split("\n")[0] })),
  };
}

/** What a command prints. It is ended, with all it started, when it takes too long. */
function command(program, args, cwd, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "inherit"], detached: true });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    const timer = setTimeout(() => {
      process.kill(-child.pid, "SIGKILL");
      reject(new Error(`${program} ${args[0]} took longer than ${LONGEST_RUN_MS / 60_000} minutes`));
    }, LONGEST_RUN_MS);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      // A test runner that found failures ends with 1; what it found is in what it printed.
      if (code !== 0 && program !== process.execPath) reject(new Error(`${program} ${args.join(" ")} ended with ${code}`));
      else resolve(output);
    });
  });
}
