import { describe, expect, it } from "vitest";
import { consumerProject } from "../../testkit/test/support/consumer-project.ts";

const OTHERS = { fastify: "fastify", "fastify-plugin": "fastify" };
const PROGRAM = (imports: string, plugin: string) => `${imports}
(async () => {
  const app = fastify();
  await app.register(${plugin});
  app.get("/reports", async () => []);
  await app.listen({ port: 0, host: "127.0.0.1" });
  await (await fetch(\`http://127.0.0.1:\${app.server.address().port}/reports\`)).json();
  await app.close();
})().catch((error) => { console.error(error); process.exitCode = 1; });
`;
const ESM = PROGRAM('import { fastify } from "fastify"; import auditPlugin from "@daybook/fastify";', "auditPlugin");
const COMMON = PROGRAM('const { fastify } = require("fastify"); const daybook = require("@daybook/fastify");', "daybook");

describe.each([
  ["an ES module", "app.mjs", ESM],
  ["a CommonJS module", "app.cjs", COMMON],
])("auditPlugin without options in %s", (_kind, file, program) => {
  it("opens data/audit.db, and closes it with the server", async () => {
    const project = consumerProject(["core", "fastify", "store-sqlite"], OTHERS);
    project.write(file, program);
    await project.node(file);
    expect(project.auditLog().filter((row) => row.event_type === "endpoint")).toEqual([
      { event_type: "endpoint", endpoint: "/reports", user_id: null },
    ]);
  });

  it("refuses to start without a store, naming the package", async () => {
    const project = consumerProject(["core", "fastify"], OTHERS);
    project.write(file, program);
    await expect(project.node(file)).rejects.toThrow(/STORE_MISSING.*npm install @daybook\/store-sqlite/);
  });
});
