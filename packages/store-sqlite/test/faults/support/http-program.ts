/**
 * A web application with an audit trail in SQLite, in a separate process: `http-program.mjs express|fastify <place>
 * <settings>`. It prints its port and serves requests until it is killed.
 */
import type { AddressInfo } from "node:net";
import { type AuditLogOptions, accessChanged, noteRecorded } from "@daybook/core";
import type { SuiteRoute } from "@daybook/testkit";
import { expressUnderTest } from "../../../../express/test/support/express-app.ts";
import { pluginUnderTest } from "../../../../fastify/test/support/fastify-app.ts";
import { openTrail } from "./faulty-trail.ts";

const [framework, place, settings] = process.argv.slice(2) as ["express" | "fastify", string, string];
const audit = await openTrail(place, {
  ...(JSON.parse(settings) as Partial<AuditLogOptions>),
  onProblem: () => undefined,
  onNotice: () => undefined,
});

/** Executions of each dangerous operation. */
const effects: string[] = [];

const routes: SuiteRoute[] = [
  // A durable record: its response is sent after it is stored.
  {
    method: "POST",
    path: "/grants/:name",
    handle(call) {
      audit.record(accessChanged, { data: { granted: [call.params.name!] } });
      call.send(200, "granted");
    },
  },
  // Background records only.
  {
    method: "GET",
    path: "/pages/:name",
    handle(call) {
      audit.record(noteRecorded, { data: { note: call.params.name! } });
      call.send(200, "page");
    },
  },
  // Of level `always`: without the record of its intent it has no effect.
  {
    method: "POST",
    path: "/danger/:name",
    handle(call) {
      effects.push(call.params.name!);
      call.send(200, "done");
    },
  },
  {
    method: "GET",
    path: "/state",
    handle: (call) => call.send(200, { stats: audit.stats(), memory: process.memoryUsage(), effects }),
  },
];

const options = {
  policy: [
    { path: "/danger/*", level: "always" as const },
    { path: "/state", level: "none" as const },
  ],
};
const app = await (framework === "express" ? expressUnderTest : pluginUnderTest).start({ audit, routes, options });
process.stdout.write(`${(app.server.address() as AddressInfo).port}\n`);
