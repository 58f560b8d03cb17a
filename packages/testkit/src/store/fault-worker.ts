/**
 * The program of the processes that faults happen to, run as text by `node --input-type=module`, so that no bundler and no build
 * needs to know it. It opens the trail through the module of the store under test. It reads commands from standard input and writes
 * its results, each one JSON object a line. It imports only Node.
 */
export const FAULT_WORKER = String.raw`
import { createInterface } from "node:readline";

const { module, place, settings } = JSON.parse(process.argv[1]);
const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");
const { openTrail } = await import(module);
let audit;
try {
  audit = await openTrail(place, { ...settings, onProblem: (error) => say({ problem: error.code, hint: error.hint }), onNotice: () => undefined });
} catch (error) {
  process.stdout.write(JSON.stringify({ refused: error.code ?? "none", message: error.message }) + "\n", () => process.exit(3));
  await new Promise(() => undefined);
}
const durable = audit.catalogue.find({ type: "admin_action", action: "access.changed" });
const background = audit.catalogue.find({ type: "custom", action: "note.recorded" });
let n = 0;
let loading = false;

async function recordDurable(name) {
  const begun = performance.now();
  try {
    await audit.recordWith(durable, { data: { granted: [name] } }, {}).stored;
    say({ stored: name });
  } catch (error) {
    say({ failed: name, code: error.code, waited: performance.now() - begun });
  }
}

const jobs = {
  /** Records without end: durable events one after the other in each of some lanes, background events beside them. */
  load({ prefix, lanes, everyMs, background: each }) {
    loading = true;
    const lane = async () => {
      while (loading) {
        await recordDurable(prefix + n++);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    for (let i = 0; i < lanes; i++) void lane();
    const timer = setInterval(() => {
      if (!loading) return clearInterval(timer);
      for (let i = 0; i < each; i++) {
        const name = prefix + n++;
        audit.recordWith(background, { data: { note: name } }, {});
        say({ recorded: name });
      }
    }, everyMs);
    say({ loading: true });
  },
  rest() {
    loading = false;
    say({ resting: true });
  },
  durable: ({ name }) => recordDurable(name),
  background({ name, count }) {
    for (let i = 0; i < count; i++) audit.recordWith(background, { data: { note: name + i } }, {});
    say({ given: count });
  },
  stats: () => say({ stats: audit.stats() }),
  async close() {
    loading = false;
    const { lost } = await audit.close();
    process.stdout.write(JSON.stringify({ closed: lost, stats: audit.stats() }) + "\n", () => process.exit(0));
  },
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const { job, ...options } = JSON.parse(line);
  void jobs[job](options);
});
say({ up: true });
`;
