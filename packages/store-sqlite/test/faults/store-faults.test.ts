import { join } from "node:path";
import { describeStoreFaults } from "@daybook/testkit";
import { openSqliteStore } from "../../src/index.ts";
import { bundleProgram } from "./support/bundle-program.ts";
import { lockDatabase, verifyDatabase } from "./support/database.ts";

const databaseIn = (place: string) => join(place, "audit.db");

describeStoreFaults("sqlite", {
  module: await bundleProgram(new URL("./support/faulty-trail.ts", import.meta.url).href),
  open: (place) => openSqliteStore({ path: databaseIn(place), onNotice: () => undefined }),
  verify: (place) => verifyDatabase(databaseIn(place)),
  lock: (place) => lockDatabase(databaseIn(place)),
  files: true,
});
