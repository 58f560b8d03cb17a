/** What a stranger might write first: each framework in each module system, and in strict TypeScript. */

const EXPRESS = `
const app = express();
app.use(auditMiddleware());
app.get("/reports", (_request, response) => {
  response.json([]);
});
app.get("/denied", (_request, response) => {
  response.sendStatus(403);
});
app.listen(Number(process.env.PORT), "127.0.0.1");
`;

const FASTIFY = `
  const app = fastify();
  await app.register(auditPlugin);
  app.get("/reports", async () => []);
  app.get("/denied", async (_request, reply) => reply.code(403).send());
  await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
`;

export const PROGRAMS: Readonly<Record<string, string>> = {
  "express.mjs": `import { auditMiddleware } from "@daybook/express";\nimport express from "express";\n${EXPRESS}`,
  "express.cjs": `const { auditMiddleware } = require("@daybook/express");\nconst express = require("express");\n${EXPRESS}`,
  "fastify.mjs": `import { auditPlugin } from "@daybook/fastify";\nimport fastify from "fastify";\n${FASTIFY}`,
  "fastify.cjs": `const { auditPlugin } = require("@daybook/fastify");\nconst { fastify } = require("fastify");\n(async () => {${FASTIFY}})();\n`,
};

const TYPED = `
const bookLent = defineEvent({ type: "custom", action: "book.lent", data: z.object({ title: z.string() }), personal: ["title"] });
export const audit = createAuditLog({ store: memoryStore(), catalogue: [bookLent], signals: false });
export const receipt = audit.record(bookLent, { data: { title: "The Prince" } });
// @ts-expect-error a title is text
audit.record(bookLent, { data: { title: 7 } });

export const app = express();
app.use(auditMiddleware({ audit, user: (request) => request.get("x-user") }));
export const server = fastify();
server.register(auditPlugin, { audit, user: (request) => request.ip });
export const store = (path: string) => openSqliteStore({ path });
`;

const TYPED_IMPORTS = `import { createAuditLog, defineEvent, memoryStore } from "@daybook/core";
import { auditMiddleware } from "@daybook/express";
import { auditPlugin } from "@daybook/fastify";
import { openSqliteStore } from "@daybook/store-sqlite";
import fastify from "fastify";
import { z } from "zod";
`;

const typedAs = (file: string) =>
  JSON.stringify({
    compilerOptions: {
      target: "es2024",
      module: "nodenext",
      moduleResolution: "nodenext",
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
    },
    files: [file],
  });

export const TYPED_PROGRAMS: Readonly<Record<string, string>> = {
  "typed.mts": `${TYPED_IMPORTS}import express from "express";\n${TYPED}`,
  "typed.cts": `${TYPED_IMPORTS}import express = require("express");\n${TYPED}`,
  // One for each module system: declarations of both for one package do not go together in one compilation.
  "tsconfig.esm.json": typedAs("typed.mts"),
  "tsconfig.cjs.json": typedAs("typed.cts"),
};

/** An application one part of which still uses the version before. */
export const TWO_VERSIONS = `import { noteRecorded } from "@daybook/core";
import { auditMiddleware } from "@daybook/express";
import express from "express";
import * as old from "old-core";
import { openSqliteStore } from "old-store";

const store = await openSqliteStore({ path: "data/audit.db" });
const before = old.createAuditLog({ store });
const app = express();
app.use(auditMiddleware());
app.get("/notes", (request, response) => {
  for (let i = 0; i < 100; i++) {
    before.record(old.noteRecorded, { data: { note: "old " + i } });
    request.audit.record(noteRecorded, { data: { note: "new " + i } });
  }
  response.json([]);
});
app.listen(Number(process.env.PORT), "127.0.0.1");
`;
