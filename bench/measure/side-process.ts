/**
 * Entry of a child process: imports one module and runs its functions on request, measuring each. A second argument is another
 * checkout of this repository, whose packages the module gets.
 */
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import type { Call, Reply } from "./side.ts";

const [, , moduleUrl, checkout] = process.argv;
if (checkout !== undefined) {
  const parentURL = pathToFileURL(`${checkout}/bench/run.ts`).href;
  const own = new URL("..", import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      /^@?daybook\b/.test(specifier) && context.parentURL?.startsWith(own)
        ? next(specifier, { ...context, parentURL })
        : next(specifier, context),
  });
}

const module = (await import(moduleUrl!)) as Record<string, (...args: unknown[]) => unknown>;

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
