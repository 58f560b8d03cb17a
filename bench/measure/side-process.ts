/** Entry of a child process: imports one module and runs its functions on request, measuring each. */
import type { Call, Reply } from "./side.ts";

const module = (await import(process.argv[2]!)) as Record<string, (...args: unknown[]) => unknown>;

process.on("message", async ({ name, args }: Call) => {
  const cpu = process.cpuUsage();
  const thread = process.threadCpuUsage();
  const begun = performance.now();
  try {
    const value = await module[name]!(...args);
    const wallMs = performance.now() - begun;
    const { user, system } = process.cpuUsage(cpu);
    const main = process.threadCpuUsage(thread);
    reply({
      value,
      wallMs,
      cpuUs: user + system,
      mainThreadCpuUs: main.user + main.system,
      rss: process.memoryUsage.rss(),
      peakRss: process.resourceUsage().maxRSS * 1024,
    });
  } catch (cause) {
    reply({ failure: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) });
  }
});
process.on("disconnect", () => process.exit());

const reply = (answer: Reply) => process.send!(answer);

process.send!({ ready: true });
