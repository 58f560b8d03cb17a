import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { NaughtyStrings } from "@daybook/testkit";

/** Third-party texts that lie beside the checkout; they are not part of it. */
const STRINGS = fileURLToPath(new URL("../../../../../shared/data/strings/", import.meta.url));

/** The Big List of Naughty Strings, and lists of CRLF and SQL injections. */
export function sharedStrings(): NaughtyStrings {
  if (!existsSync(STRINGS)) {
    const missing = "shared/data/strings is not beside the checkout";
    console.warn(`skipped: ${missing}`);
    return { missing };
  }
  const naughty = JSON.parse(readFileSync(`${STRINGS}blns/blns.json`, "utf8")) as string[];
  const payloads = readdirSync(`${STRINGS}payloads`)
    .filter((name) => name.endsWith(".txt"))
    .flatMap((name) => readFileSync(`${STRINGS}payloads/${name}`, "utf8").split("\n"));
  return [...naughty, ...payloads];
}
