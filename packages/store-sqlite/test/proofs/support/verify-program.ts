/** Verifies a log in a separate process and prints time and memory: `verify-program.mjs <path>`. */
import { openSqliteReader } from "../../../src/index.ts";

const reader = await openSqliteReader({ path: process.argv[2]! });
const before = process.cpuUsage();
const begun = performance.now();
const { verdict, entries, findings } = await reader.verify();
const wallMs = performance.now() - begun;
const { user, system } = process.cpuUsage(before);
await reader.close();
const peakBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(`${JSON.stringify({ verdict, entries, findings, wallMs, cpuMs: (user + system) / 1_000, peakBytes })}\n`);
