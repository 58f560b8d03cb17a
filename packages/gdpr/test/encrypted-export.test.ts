import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runAs } from "@daybook/core";
import { Decrypter, generateHybridIdentity, generateX25519Identity, identityToRecipient } from "age-encryption";
import { describe, expect, it } from "vitest";
import { exportPerson, privacyInformation } from "../src/index.ts";
import { bookLent, type House, openHouse, TICK } from "./support/house.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const ENTRIES = 2_500;

async function openFilledHouse(): Promise<House> {
  const house = await openHouse();
  await house.consent.give("reader-zz81", "personal_diary", TICK);
  for (let i = 0; i < ENTRIES; i++) void house.journal.record("reader-zz81", "note", { query: `line ${i} of the diary` });
  await house.journal.flush();
  await runAs({ kind: "user", id: "reader-zz81" }, () => house.audit.record(bookLent, { data: { title: "Emma" } })).stored;
  return house;
}

async function exported(house: House, encryptTo: readonly string[], folder = join(temporaryFolder(), "package")) {
  const information = privacyInformation({
    definitions: house.audit.catalogue.all(),
    purposes: await house.store.purposes(),
    periods: await house.store.retentionPeriods(),
  });
  const summary = await exportPerson("reader-zz81", {
    ...house,
    folder,
    information,
    encryptTo,
    verification: { method: "operator", confirmed: true },
  });
  return { folder, summary };
}

/** Compares decrypted files with the manifest among them. */
function checkAgainstManifest(files: ReadonlyMap<string, Buffer>, manifestSha256: string): void {
  const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  const manifest = files.get("manifest.json")!;
  expect(sha256(manifest)).toBe(manifestSha256);
  const listed = (JSON.parse(manifest.toString()) as { files: { path: string; sha256: string; bytes: number }[] }).files;
  expect(listed.map(({ path }) => path).sort()).toEqual([...files.keys()].filter((name) => name !== "manifest.json").sort());
  for (const { path, ...rest } of listed) {
    expect([path, rest]).toMatchObject([path, { sha256: sha256(files.get(path)!), bytes: files.get(path)!.length }]);
  }
  expect(JSON.parse(files.get("export.json")!.toString()).journal).toHaveLength(ENTRIES);
}

describe("an export for the owner of a key", () => {
  it("opens with each key to the hashed files", async () => {
    const house = await openFilledHouse();
    const identities = [await generateX25519Identity(), await generateX25519Identity()];
    const { folder, summary } = await exported(house, await Promise.all(identities.map((identity) => identityToRecipient(identity))));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).every((name) => name.endsWith(".age"))).toBe(true);
    for (const name of readdirSync(folder)) {
      const bytes = readFileSync(join(folder, name));
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
      for (const readable of ["reader-zz81", "of the diary", "personal_diary"])
        expect([name, readable, bytes.includes(readable)]).toEqual([name, readable, false]);
    }
    for (const identity of identities) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      const files = new Map<string, Buffer>();
      for (const name of readdirSync(folder))
        files.set(name.replace(/\.age$/, ""), Buffer.from(await decrypter.decrypt(readFileSync(join(folder, name)))));
      checkAgainstManifest(files, summary.manifestSha256);
    }
    const stranger = new Decrypter();
    stranger.addIdentity(await generateX25519Identity());
    await expect(stranger.decrypt(readFileSync(join(folder, "export.json.age")))).rejects.toThrow("no identity matched");
  });

  it("leaves no readable byte beside the folder", async () => {
    const house = await openFilledHouse();
    const { folder, summary } = await exported(house, [await identityToRecipient(await generateHybridIdentity())]);
    expect(readdirSync(dirname(folder))).toEqual(["package"]);
    const [event] = (await house.store.query({ action: "gdpr.exported" })).events;
    expect(event?.data).toMatchObject({ encryption: "age", manifestSha256: summary.manifestSha256 });
  });

  it("opens with the age program", async ({ skip }) => {
    const keygen = spawnSync("age-keygen", { encoding: "utf8" });
    if (keygen.error !== undefined) skip("there is no age program on this machine (Debian: apt-get install age)");
    const house = await openFilledHouse();
    const { folder, summary } = await exported(house, [/age1[0-9a-z]+/.exec(keygen.stdout)![0]]);
    const key = join(dirname(folder), "key.txt");
    writeFileSync(key, keygen.stdout);
    const files = new Map<string, Buffer>();
    for (const name of readdirSync(folder).filter((each) => each.endsWith(".age"))) {
      files.set(name.replace(/\.age$/, ""), execFileSync("age", ["--decrypt", "--identity", key, join(folder, name)]));
    }
    checkAgainstManifest(files, summary.manifestSha256);
  });

  it("refuses an invalid public key without printing it", async () => {
    const house = await openFilledHouse();
    const folder = join(temporaryFolder(), "package");
    const secret = await generateX25519Identity();
    for (const wrong of ["", "age1", "nonsense", secret]) {
      const refusal = await exported(house, [wrong], folder).catch((cause: unknown) => cause);
      expect(refusal).toMatchObject({ code: "BAD_OPTION" });
      expect(String(refusal)).not.toContain(secret);
    }
    expect(readdirSync(dirname(folder))).toEqual([]);
    expect(await house.store.count({ action: "gdpr.exported" })).toBe(0);
  });
});
