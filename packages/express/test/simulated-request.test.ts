import { createAuditLog, memoryStore } from "@daybook/core";
import { auditMiddleware } from "@daybook/express";
import express from "express";
import inject from "light-my-request";
import { expect, it } from "vitest";

it("records a request that is simulated without a connection", async () => {
  const store = memoryStore();
  const audit = createAuditLog({ store, signals: false });
  const app = express().use(auditMiddleware({ audit }));
  app.get("/books/:book", (_request, response) => void response.send("a body of some length".repeat(5_000)));
  expect((await inject(app as never, "/books/7")).statusCode).toBe(200);
  await new Promise((resolve) => setTimeout(resolve, 15));
  await audit.close();
  expect(store.events.map((event) => [event.action, event.outcome, event.request?.route])).toEqual([
    ["request.completed", "success", "/books/:book"],
  ]);
});
