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

/**
 * Starts the program and kills it some milliseconds after an erasure began. Returns the persons whose erasure began,
 * and those with a confirmed erasure.
 */
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
  it("declares each removed part and continues after restart", { timeout: 120_000 }, async () => {
    const path = join(temporaryFolder(), "audit.db");
    const begun: string[] = [];
    for (let i = 0; i < KILLS; i++) {
      const killed = await killedWhileErasing(path, `k${i}`, Math.random() * 60);
      begun.push(...killed.begun);
      // As the process left it, before any repair.
      const reader = await openSqliteReader({ path });
      const { verdict, findings } = await reader.verify();
      expect({ verdict, findings }).toEqual({ verdict: "intact", findings: [] });
      for (const user of killed.erased) expect(await reader.count({ user })).toBe(0);
      await reader.close();
    }
    const store = await openSqliteStore({ path, anchors: [], onNotice: () => undefined });
    // A person either has all parts, because the erasure had not begun, or no part at all.
    for (const user of begun) expect([0, 40]).toContain(await store.count({ user }));
    expect(await store.verify()).toMatchObject({ verdict: "intact", findings: [] });
    await store.close();
  });
});
