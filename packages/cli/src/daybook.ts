import { run } from "./program.ts";

// A reader of stdout that has seen enough, as `head` has, is no failure; writers learn of it by themselves.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await run(process.argv);
