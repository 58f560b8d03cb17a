import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AuditLog, createAuditLog, runAs } from "@daybook/core";
import { verifyInclusion } from "@daybook/ledger";
import { openSqliteStore } from "@daybook/store-sqlite";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { answerOf, daybook, startDaybook } from "./support/run-daybook.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { textNoted, trailWith } from "./support/trail.ts";

const note = (audit: AuditLog, user: string, text: string) =>
  runAs({ kind: "user", id: user }, () => audit.recordWith(textNoted, { data: { text } }, {}));

const trailOfThree = () =>
  trailWith(
    (audit) => {
      for (const [user, text] of [
        ["ada", "first"],
        ["bob", "second"],
        ["ada", "third"],
      ] as const)
        note(audit, user, text);
    },
    { lifecycle: false },
  );

const vkeyOf = async (db: string) => /^public +(.+)$/m.exec((await daybook(["keys", "show", "--db", db])).stdout)![1]!;

describe("daybook verify", () => {
  it("says that a log is intact, and its limits", async () => {
    const db = await trailOfThree();
    const answer = await daybook(["verify", "--db", db]);
    expect(answer.status).toBe(0);
    expect(answer.stdout).toMatch(
      /^✔ intact, tamper-detecting only\n {2}localhost\/daybook\/[0-9a-f]{12}\/1\n {2}4 entries, signed to 4\n {2}0 parts erased, 0 expired\n/,
    );
    expect(answer.stdout).toContain("! UNWITNESSED");
    expect(answer.stdout).toContain("! KEYS_BESIDE_DATA");
  });

  it("names the first bad entry and exits with 1", async () => {
    const db = await trailOfThree();
    const file = new Database(db);
    file.exec("DROP TRIGGER daybook_entry_blank");
    file.exec(`UPDATE daybook_entry SET head = replace(head, '"info"', '"error"') WHERE seq = 2`);
    file.close();
    const answer = await daybook(["verify", "--db", db]);
    expect(answer.status).toBe(1);
    expect(answer.stdout).toMatch(/^✘ TAMPERED {2}first bad entry: 2\n/);
    const json = await daybook(["verify", "--db", db, "--format", "json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      verdict: "tampered",
      firstBad: 2,
      findings: expect.arrayContaining([expect.objectContaining({ code: "ALTERED" })]),
    });
  });

  it("works on a copy without keys", async () => {
    const db = await trailOfThree();
    const vkey = await vkeyOf(db);
    const copy = join(temporaryFolder(), "copy.db");
    expect(await daybook(["backup", copy, "--db", db])).toMatchObject({ status: 0 });
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(await daybook(["backup", copy, "--db", db])).toMatchObject({ status: 2, stderr: expect.stringContaining("never overwrites") });
    const answer = await daybook(["verify", "--db", copy, "--vkey", vkey]);
    expect(answer).toMatchObject({ status: 0, stderr: expect.stringContaining("left no record") });
    expect(answer.stdout).toContain("! NO_SEAL_KEY");
    expect(await daybook(["verify", "--db", db])).toMatchObject({ status: 0 });
    expect((await daybook(["report", "--db", db, "--action", "trail.read", "--format", "ndjson"])).stdout).toContain('"verb":"verify"');
  });

  it("exits with 2 without a log or key", async () => {
    const text = join(temporaryFolder(), "letter.db");
    writeFileSync(text, "no database\n".repeat(200));
    for (const args of [
      ["--db", "/nowhere/audit.db"],
      ["--db", text],
      ["--db", await trailOfThree(), "--vkey", "nonsense"],
    ]) {
      expect((await daybook(["verify", ...args])).status).toBe(2);
    }
  });

  it("fails without a required witness", async () => {
    expect((await daybook(["verify", "--db", await trailOfThree(), "--require-witness"])).status).toBe(1);
  });
});

describe("daybook prove and verify-proof", () => {
  it("prove one record with the public key alone", async () => {
    const db = await trailOfThree();
    const vkey = await vkeyOf(db);
    const file = join(temporaryFolder(), "e2.tlog-proof");
    expect((await daybook(["prove", "--db", db, "--seq", "2", "--parts", "0", "--output", file])).status).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const proof = readFileSync(file, "utf8");
    expect(proof).not.toContain("bob");
    const good = await daybook(["verify-proof", file, "--vkey", vkey]);
    expect(good).toMatchObject({ status: 0 });
    expect(good.stdout).toMatch(
      /^✔ entry 2 is in localhost\/daybook\/[0-9a-f]{12}\/1 \(size 4\)\n {2}opens: part 0 \{"action":"text\.noted"/,
    );
    expect(good.stdout).toContain("not shown: part 1");
    const bad = await daybook(["verify-proof", "--vkey", vkey], { input: proof.replace("index 2", "index 1") });
    expect(bad).toMatchObject({ status: 1, stdout: expect.stringContaining("✘ BAD_PROOF") });
    const whole = await daybook(["prove", "--db", db, "--seq", "2", "--parts", "0,1"]);
    const json = JSON.parse((await daybook(["verify-proof", "--vkey", vkey, "--format", "json"], { input: whole.stdout })).stdout);
    expect(json).toMatchObject({ proven: true, index: 2, opens: [{ part: 0 }, { part: 1, data: { uid: "bob" } }] });
  });

  it("refuse an unknown record or part, without trust", async () => {
    const db = await trailOfThree();
    expect(await daybook(["prove", "--db", db, "--seq", "99"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("no entry 99"),
    });
    expect(await daybook(["prove", "--db", db, "--seq", "2", "--parts", "7"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("Part 7"),
    });
    expect(await daybook(["verify-proof"], { input: "x" })).toMatchObject({ status: 2, stderr: expect.stringContaining("--vkey") });
  });
});

describe("daybook witness", () => {
  it("lets one Daybook cosign another, as verify shows", async () => {
    const folder = temporaryFolder();
    const [state, key] = [join(folder, "witness.json"), join(folder, "witness.key")];
    const made = await daybook(["keygen", "witness.example/w1", "--witness", "--output", key]);
    expect(made).toMatchObject({ status: 0, stdout: expect.stringMatching(/^witness\.example\/w1\+[0-9a-f]{8}\+B/) });
    expect((await daybook(["keygen", "witness.example/w1", "--witness", "--output", key])).status).toBe(2);
    const db = await trailOfThree();
    const vkey = await vkeyOf(db);
    expect((await daybook(["witness", "add-log", vkey, "--state", state])).status).toBe(0);
    const server = startDaybook(["witness", "serve", "--state", state, "--key", key, "--port", "0"]);
    try {
      const address = await new Promise<string>((resolve, reject) => {
        let text = "";
        server.stdout.on("data", (chunk: Buffer) => {
          text += chunk;
          if (text.includes("\n")) resolve(text.trim());
        });
        server.once("exit", () => reject(new Error("the witness ended")));
      });
      const anchors = `dir:${join(folder, "anchors")},witness:${address}`;
      const signed = await daybook(["checkpoint", "--db", db, "--publish"], { env: { DAYBOOK_ANCHORS: anchors } });
      expect(signed).toMatchObject({ status: 0, stderr: expect.stringContaining("published to 2 of 2 anchors") });
      const policy = join(folder, "policy.txt");
      writeFileSync(policy, `log ${vkey}\nwitness w1 ${made.stdout.trim()}\nquorum w1\n`);
      const verified = await daybook(["verify", "--db", db, "--policy", policy, "--require-witness"], {
        env: { DAYBOOK_ANCHORS: anchors },
      });
      expect(verified.stdout).toMatch(/^✔ intact, tamper-evident\n/);
      expect(verified.stdout).toContain("witnessed by witness.example/w1 at");
      const proof = await daybook(["prove", "--db", db, "--seq", "1"]);
      const checked = await daybook(["verify-proof", "--policy", policy], { input: proof.stdout });
      expect(checked).toMatchObject({ status: 0, stdout: expect.stringContaining("cosigned by witness.example/w1") });
    } finally {
      const ended = answerOf(server);
      server.kill("SIGTERM");
      await ended;
    }
  });
});

describe("daybook checkpoint", () => {
  it("prints the signed note, except of tampered logs", async () => {
    const db = await trailOfThree();
    expect((await daybook(["checkpoint", "--db", db])).stdout).toMatch(
      /^localhost\/daybook\/[0-9a-f]{12}\/1\n\d+\n[\w+/=]{44}\n\n— localhost\/daybook\//,
    );
    const store = await openSqliteStore({ path: db, onNotice: () => undefined });
    const audit = createAuditLog({ store, catalogue: [textNoted], signals: false, spool: false });
    await note(audit, "ada", "late").stored;
    const file = new Database(db);
    file.exec("DROP TRIGGER daybook_entry_blank");
    file.exec("UPDATE daybook_entry SET salt0 = zeroblob(32) WHERE seq = (SELECT max(seq) FROM daybook_entry)");
    file.close();
    await audit.close();
    expect(await daybook(["checkpoint", "--db", db])).toMatchObject({ status: 1, stderr: expect.stringContaining("LOG_DAMAGED") });
  });

  it("goes on signing with --watch until it is stopped", async () => {
    const db = await trailOfThree();
    const watch = startDaybook(["checkpoint", "--db", db, "--watch", "1s"]);
    const answer = answerOf(watch);
    await new Promise((resolve) => watch.stdout.once("data", resolve));
    watch.kill("SIGTERM");
    expect(await answer).toMatchObject({ signal: "SIGTERM", stdout: expect.stringContaining("/1\n") });
  });
});

describe("daybook keys", () => {
  it("splits what an application needs from what signs", async () => {
    const db = await trailOfThree();
    const folder = temporaryFolder();
    for (const role of ["app", "checkpointer", "auditor"])
      expect((await daybook(["keys", "split", "--db", db, "--for", role, "--output", join(folder, role)])).status).toBe(0);
    const app = { DAYBOOK_KEYS_FILE: join(folder, "app") };
    rmSync(`${db}.keys`);
    expect(
      (await daybook(["record", "--db", db], { env: app, input: '{"type":"custom","action":"note.recorded","data":{"note":"x"}}\n' }))
        .status,
    ).toBe(0);
    expect(await daybook(["checkpoint", "--db", db], { env: app })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("KEYS_MISSING"),
    });
    expect((await daybook(["checkpoint", "--db", db], { env: { DAYBOOK_KEYS_FILE: join(folder, "checkpointer") } })).status).toBe(0);
    expect((await daybook(["verify", "--db", db], { env: { DAYBOOK_KEYS_FILE: join(folder, "auditor") } })).stdout).toMatch(/^✔ intact/);
  });

  it("replaces the root, and the old key stays trusted", async () => {
    const db = await trailOfThree();
    const before = await vkeyOf(db);
    const secrets = () => JSON.parse(readFileSync(`${db}.keys`, "utf8"));
    const { root } = secrets();
    expect(await daybook(["keys", "rotate", "--db", db])).toMatchObject({ status: 0, stderr: expect.stringContaining("--confirm") });
    expect(secrets().root).toBe(root);

    const reader = new Database(db, { readonly: true });
    reader.prepare("SELECT count(*) FROM audit_log").get();
    expect(await daybook(["keys", "rotate", "--db", db, "--confirm"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("STORE_BUSY"),
    });
    reader.close();
    expect(secrets().root).toBe(root);

    const rotated = await daybook(["keys", "rotate", "--db", db, "--confirm"]);
    expect(rotated).toMatchObject({ status: 0, stderr: expect.stringContaining(before) });
    const after = await vkeyOf(db);
    expect(rotated.stdout).toBe(`${after}\n`);
    expect(after).not.toBe(before);
    expect(statSync(`${db}.keys`).mode & 0o777).toBe(0o600);
    expect(secrets().root).not.toBe(root);

    await trailWith((audit) => void note(audit, "ada", "fourth"), { path: db });
    expect((await daybook(["checkpoint", "--db", db])).status).toBe(0);
    expect((await daybook(["verify", "--db", db])).stdout).toMatch(/^✔ intact/);
    for (const vkey of [before, after]) {
      const answer = await daybook(["verify", "--db", db, "--vkey", vkey, "--format", "json"]);
      expect(JSON.parse(answer.stdout), vkey).toMatchObject({
        verdict: "intact",
        warnings: expect.not.arrayContaining(["UNANCHORED_TAIL"]),
      });
    }
    expect((await daybook(["keys", "rotate", "--db", db, "--confirm"])).status).toBe(0);
    expect((await daybook(["verify", "--db", db, "--vkey", before])).stdout).toMatch(/^✔ intact/);

    const file = new Database(db);
    const last = file.prepare<[], number>("SELECT max(seq) FROM daybook_entry").pluck().get()!;
    file.exec(`DROP TRIGGER IF EXISTS daybook_entry_blank; UPDATE daybook_entry SET seal = zeroblob(16) WHERE seq = ${last}`);
    file.close();
    expect((await daybook(["verify", "--db", db])).stdout).toMatch(new RegExp(`BAD_SEAL .*row ${last} `));
  });

  it("begins and destroys key epochs of pseudonyms", async () => {
    const db = await trailOfThree();
    expect(await daybook(["keys", "rotate-sub", "--db", db])).toMatchObject({ status: 0, stdout: "key epoch 2 begins; live: 1, 2\n" });
    await trailWith((audit) => void note(audit, "ada", "fourth"), { path: db });
    const count = async () =>
      (await daybook(["report", "--db", db, "--user", "ada", "--action", "text.noted", "--format", "ndjson"])).stdout
        .trim()
        .split("\n")
        .filter(Boolean).length;
    expect(await count()).toBe(3);
    expect(await daybook(["keys", "destroy-sub", "1", "--db", db])).toMatchObject({
      status: 0,
      stderr: expect.stringContaining("--confirm"),
    });
    expect((await daybook(["keys", "destroy-sub", "1", "--db", db, "--confirm"])).status).toBe(0);
    expect(await count()).toBe(1);
    expect(await daybook(["keys", "destroy-sub", "2", "--db", db, "--confirm"])).toMatchObject({ status: 2 });
    expect(await daybook(["verify", "--db", db])).toMatchObject({ status: 0 });
  });

  it("tries candidates against pseudonyms", async () => {
    const db = await trailOfThree();
    expect(await daybook(["resolve", "--db", db, "--candidates", "-"], { input: "carol\nada\nAda\n" })).toMatchObject({
      status: 0,
      stdout: "ada\n",
    });
    expect((await daybook(["resolve", "--db", db, "--candidates", "-"], { input: "carol\n" })).status).toBe(3);
  });
});

describe("daybook ledger", () => {
  it("restores a backup as a new generation", async () => {
    const db = await trailOfThree();
    const backup = join(temporaryFolder(), "backup.db");
    await daybook(["backup", backup, "--db", db]);
    await trailWith((audit) => void note(audit, "ada", "lost later"), { path: db });
    for (const file of [db, `${db}-wal`, `${db}-shm`]) rmSync(file, { force: true });
    renameSync(backup, db);
    expect(await daybook(["record", "--db", db], { input: "" })).toMatchObject({ status: 1, stderr: expect.stringContaining("TRUNCATED") });
    expect(await daybook(["verify", "--db", db])).toMatchObject({ status: 1, stdout: expect.stringContaining("TRUNCATED") });
    expect(await daybook(["ledger", "restore", "--db", db])).toMatchObject({ status: 0, stderr: expect.stringContaining("--confirm") });
    expect(await daybook(["ledger", "restore", "--db", db, "--confirm"])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("/2\n"),
    });
    expect(await daybook(["verify", "--db", db])).toMatchObject({ status: 0, stdout: expect.stringContaining("! DECLARED_LOSS") });
  });

  it("exports tiles without persons that prove an entry", async () => {
    const db = await trailOfThree();
    const folder = join(temporaryFolder(), "public");
    expect((await daybook(["ledger", "export", "--db", db, "--tlog", folder])).status).toBe(0);
    const [, size, root] = readFileSync(join(folder, "checkpoint"), "utf8").split("\n");
    expect(existsSync(join(folder, `tile/0/000.p/${size}`))).toBe(true);
    const leaves = readFileSync(join(folder, `tile/0/000.p/${size}`));
    const { inclusionProof, tileHashReader } = await import("@daybook/ledger");
    const proof = await inclusionProof(
      Number(size),
      2,
      tileHashReader(Number(size), (path) => readFileSync(join(folder, path))),
    );
    expect(
      verifyInclusion({ index: 2, size: Number(size), leaf: leaves.subarray(64, 96), root: Buffer.from(root!, "base64") }, proof),
    ).toBe(true);
    expect(readFileSync(join(folder, `tile/entries/000.p/${size}`)).includes("ada")).toBe(false);
  });

  it("vacuums a file that is not in use", async () => {
    const db = await trailOfThree();
    expect((await daybook(["ledger", "vacuum", "--db", db])).status).toBe(0);
    expect(await daybook(["verify", "--db", db])).toMatchObject({ status: 0 });
  });
});
