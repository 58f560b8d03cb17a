/** The same application on Fastify, where each route says for itself how much of it is recorded. */
import { createAuditLog } from "@daybook/core";
import { auditPlugin } from "@daybook/fastify";
import { openSqliteStore } from "@daybook/store-sqlite";
import fastify from "fastify";

const audit = createAuditLog({ store: await openSqliteStore({ path: process.env.DAYBOOK_DB ?? "audit.db" }), service: "orders" });

const app = fastify();
const userOf = (headers: Readonly<Record<string, unknown>>) => (typeof headers["x-user"] === "string" ? headers["x-user"] : undefined);
await app.register(auditPlugin, { audit, user: (request) => userOf(request.headers) });

app.get("/health", { config: { audit: "none" } }, async () => "ok");
app.get<{ Params: { id: string } }>("/orders/:id", async (request) => ({ id: request.params.id }));
app.delete<{ Params: { id: string } }>("/orders/:id", { config: { audit: "always" } }, async (request, reply) => {
  if (userOf(request.headers) !== "amina") {
    audit.deny({ resource: { type: "order", id: request.params.id }, reason: "not_the_owner", policy: "orders" });
    return reply.code(403).send();
  }
  return reply.code(204).send();
});

await app.listen({ port: Number(process.env.PORT ?? 3000), host: "127.0.0.1" });
console.log("listening on", app.server.address());
