import { describe, expect, it } from "vitest";
import { consumerProject } from "../../testkit/test/support/consumer-project.ts";

const PROGRAM = (imports: string) => `${imports}
const app = express();
app.use(auditMiddleware());
app.get("/reports", (request, response) => { response.json([]); });
const server = app.listen(0, "127.0.0.1", async () => {
  await (await fetch(\`http://127.0.0.1:\${server.address().port}/reports\`)).json();
  server.close();
});
`;
const ESM = PROGRAM('import express from "express"; import { auditMiddleware } from "@daybook/express";');
const COMMON = PROGRAM('const express = require("express"); const { auditMiddleware } = require("@daybook/express");');

describe.each([
  ["an ES module", "app.mjs", ESM],
  ["a CommonJS module", "app.cjs", COMMON],
])("auditMiddleware() without options in %s", (_kind, file, program) => {
  it("keeps the records of a program in data/audit.db", async () => {
    const project = consumerProject(["core", "express", "store-sqlite"], { express: "express" });
    project.write(file, program);
    await project.node(file);
    expect(project.auditLog().filter((row) => row.event_type === "endpoint")).toEqual([
      { event_type: "endpoint", endpoint: "/reports", user_id: null },
    ]);
  });

  it("records once although it is mounted twice", async () => {
    const project = consumerProject(["core", "express", "store-sqlite"], { express: "express" });
    project.write(file, program.replace("app.use(auditMiddleware());", "app.use(auditMiddleware());\napp.use(auditMiddleware());"));
    await project.node(file);
    expect(project.auditLog().filter((row) => row.event_type === "endpoint")).toHaveLength(1);
  });

  it("throws at start without a store, naming the package", async () => {
    const project = consumerProject(["core", "express"], { express: "express" });
    project.write(file, program);
    await expect(project.node(file)).rejects.toThrow(/STORE_MISSING.*npm install @daybook\/store-sqlite/);
  });
});
