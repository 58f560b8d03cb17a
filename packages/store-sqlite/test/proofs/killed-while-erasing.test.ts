import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { openSqliteReader, openSqliteStore } from "../../src/index.ts";
import { bundleProgram } from "../faults/support/bundle-program.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const KILLS = Number(process.env.DAYBOOK_KILLS ?? 12);
const program = fileURLToPath(await bundleProgram(new URL("./support/proof-program.ts", import.meta.url).href));

/** Starts the program and kills it some milliseconds after it began to erase somebody. Answers whom, and who was erased for certain. */
async function killedWhileErasing(path: string, name: string, ms: number) {
  const child = spawn(process.execPath, [program, "erase", path, name], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  const begun = new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk;
      if (output.includes("erasing ")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`the program ended by itself with ${code}`)));
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await begun;
  await pause(ms);
  child.kill("SIGKILL");
  await ended;
  const named = (verb: string) => [...output.matchAll(new RegExp(`^${verb} (\\S+)$`, "gm"))].map(([, user]) => user!);
  return { begun: named("erasing"), erased: named("erased") };
}

describe(`a process that is killed ${KILLS} times while it erases`, () => {
  it("has removed a part and declared it, or neither, and what was begun is finished at the next start", { timeout: 120_000 }, async () => {
    const path = join(temporaryFolder(), "audit.db");
    const begun: string[] = [];
    for (let i = 0; i < KILLS; i++) {
      const killed = await killedWhileErasing(path, `k${i}`, Math.random() * 60);
      begun.push(...killed.begun);
      // As the process left it, before anybody has repaired anything.
      const reader = await openSqliteReader({ path });
      const { verdict, findings } = await reader.verify();
      expect({ verdict, findings }).toEqual({ verdict: "intact", findings: [] });
      for (const user of killed.erased) expect(await reader.count({ user })).toBe(0);
      await reader.close();
    }
    const store = await openSqliteStore({ path, anchors: [], onNotice: () => undefined });
    // Whoever was only about to be erased is still whole; of nobody a part is left.
    for (const user of begun) expect([0, 40]).toContain(await store.count({ user }));
    expect(await store.verify()).toMatchObject({ verdict: "intact", findings: [] });
    await store.close();
  });
});
