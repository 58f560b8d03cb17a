/** An Express application whose users, denials and quota hits are in the trail, without a word in its handlers. */
import { createAuditLog } from "@daybook/core";
import { auditMiddleware } from "@daybook/express";
import { openSqliteStore } from "@daybook/store-sqlite";
import express from "express";

const audit = createAuditLog({ store: await openSqliteStore({ path: process.env.DAYBOOK_DB ?? "audit.db" }), service: "orders" });

const app = express();
app.use(
  auditMiddleware({
    audit,
    // Stands for your own sign-in, which may come later: the question is asked when a record is made and again at the end.
    user: (request) => request.get("x-user"),
    policy: [
      { path: "/health", level: "none" },
      { path: "/orders/:id", method: "DELETE", level: "always" },
    ],
  }),
);

app.get("/health", (_request, response) => {
  response.send("ok");
});
app.get("/orders/:id", (request, response) => {
  response.json({ id: request.params.id });
});
app.delete("/orders/:id", (request, response) => {
  if (request.get("x-user") !== "amina") {
    request.audit.deny({ resource: { type: "order", id: request.params.id }, reason: "not_the_owner", policy: "orders" });
    response.sendStatus(403);
    return;
  }
  response.sendStatus(204);
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log("listening on", server.address());
});
