import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const DOCS = fileURLToPath(new URL("../../../../docs/", import.meta.url));

/** The programs of a page: code blocks that name a file after their language. */
export function programsOf(page: string): Readonly<Record<string, string>> {
  const text = readFileSync(`${DOCS}${page}`, "utf8");
  return Object.fromEntries([...text.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)].map(([, file, program]) => [file!, program!]));
}
