/** `pnpm write-docs`: writes the pages that are made from the program and the types. A test checks that they are current. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandLinePage } from "./docs/command-line-page.ts";
import { configurationPage } from "./docs/configuration-page.ts";
import { ROOT } from "./docs/markdown.ts";

writeFileSync(join(ROOT, "docs", "command-line.md"), commandLinePage());
writeFileSync(join(ROOT, "docs", "configuration.md"), configurationPage());
