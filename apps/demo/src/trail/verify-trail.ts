import { existsSync } from "node:fs";
import { openSqliteReader } from "@daybook/store-sqlite";

/** Result of a check of the whole trail. */
export interface Verdict {
  readonly intact: boolean;
  /** One line for people. */
  readonly text: string;
}

/** Checks the trail as `daybook verify` does; undefined if the store has no file to check. */
export async function verifyTrail(path: string): Promise<Verdict | undefined> {
  if (!existsSync(path)) return undefined;
  const trail = await openSqliteReader({ path });
  try {
    const { verdict, grade, entries, signedTo, erased, findings } = await trail.verify();
    if (verdict === "tampered") return { intact: false, text: `TAMPERED: ${findings.map(({ code }) => code).join(", ")}` };
    const gone = erased === 0 ? "" : `, ${erased} parts erased`;
    return { intact: verdict === "intact", text: `${verdict}, ${grade}: ${entries} entries, signed to ${signedTo}${gone}` };
  } finally {
    await trail.close();
  }
}
