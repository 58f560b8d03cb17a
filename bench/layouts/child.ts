/** A process that inserts: `child.ts <layout> <path> <first event> <events> <events a commit>`. It says how many rows are committed. */
import { writeSync } from "node:fs";
import { eventsFrom } from "./events.ts";
import { cpuSince } from "./layout.ts";
import { type LayoutKey, openLayout } from "./layouts.ts";

const [key, path, ...numbers] = process.argv.slice(2) as [LayoutKey, string, ...string[]];
const [first = 0, count = 0, perCommit = 1] = numbers.map(Number);
const layout = openLayout(key, path);
const events = eventsFrom(first, count);
writeSync(1, "ready\n");
// The start signal: both processes of a pair begin together.
process.stdin.once("data", () => {
  const before = process.cpuUsage();
  for (let i = 0; i < count; i += perCommit) {
    layout.append(events.slice(i, i + perCommit));
    writeSync(1, `${Math.min(count, i + perCommit)}\n`);
  }
  writeSync(1, `cpu ${cpuSince(before)}\n`);
  layout.close();
  process.exit(0);
});
