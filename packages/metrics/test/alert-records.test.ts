import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAuditLog, memoryStore } from "@daybook/core";
import express from "express";
import Fastify from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { ALERT_EVENTS, alertHandler, fastifyAlertHandler } from "../src/index.ts";

const TOKEN = "a-token-of-some-length";
const alert = (status: "firing" | "resolved", more = {}) => ({
  status,
  labels: { alertname: "DaybookDropped", job: "daybook", severity: "critical", team: "security", area: "audit", reader: "sabo" },
  annotations: { value: "3 events in 10 minutes", summary: "about sabo" },
  startsAt: "2026-03-01T12:00:00Z",
  endsAt: status === "resolved" ? "2026-03-01T12:05:00Z" : "0001-01-01T00:00:00Z",
  fingerprint: "5f1ee7ffafad639f",
  ...more,
});

const KINDS = ["express", "express with express.json()", "fastify"] as const;

async function serving(kind: (typeof KINDS)[number]) {
  const store = memoryStore();
  const audit = createAuditLog({ store, catalogue: ALERT_EVENTS, signals: false, onProblem: () => undefined });
  let url: string;
  if (kind === "fastify") {
    const app = Fastify();
    app.post("/alerts", fastifyAlertHandler(audit, { token: TOKEN }));
    url = await app.listen({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => app.close());
  } else {
    const app = express();
    if (kind !== "express") app.use(express.json());
    app.post("/alerts", alertHandler(audit, { token: TOKEN }));
    const server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    onTestFinished(() => void server.close());
  }
  onTestFinished(async () => void (await audit.close()));
  const send = async (body: unknown, token = TOKEN) => {
    const response = await fetch(`${url}/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}`, connection: "close" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return response.status;
  };
  const recorded = () => store.events.filter((event) => event.action?.startsWith("alert."));
  return { audit, send, recorded };
}

describe.each(KINDS)("notifications of Alertmanager taken by %s", (kind) => {
  it("leave one record for firing and one for resolving", async () => {
    const { send, recorded } = await serving(kind);
    for (const status of ["firing", "firing", "firing", "resolved", "resolved"] as const) {
      expect(await send({ version: "4", alerts: [alert(status)] })).toBe(200);
    }
    expect(await send({ alerts: [alert("firing", { startsAt: "2026-03-02T12:00:00Z" })] })).toBe(200);
    expect(recorded().map(({ action, data }) => [action, data?.startsAt])).toEqual([
      ["alert.fired", "2026-03-01T12:00:00Z"],
      ["alert.resolved", "2026-03-01T12:00:00Z"],
      ["alert.fired", "2026-03-02T12:00:00Z"],
    ]);
  });

  it("keep only fields about the system", async () => {
    const { send, recorded } = await serving(kind);
    await send({ alerts: [alert("resolved")] });
    expect(recorded()[0]).toMatchObject({
      actor: { kind: "service", id: "alertmanager" },
      data: {
        alert: "DaybookDropped",
        severity: "critical",
        team: "security",
        area: "audit",
        job: "daybook",
        fingerprint: "5f1ee7ffafad639f",
        startsAt: "2026-03-01T12:00:00Z",
        endsAt: "2026-03-01T12:05:00Z",
        value: "3 events in 10 minutes",
      },
    });
    expect(JSON.stringify(recorded())).not.toContain("sabo");
  });

  it("are refused with a wrong token or body", async () => {
    const { send, recorded } = await serving(kind);
    expect(await send({ alerts: [alert("firing")] }, "another-token-of-some-length")).toBe(401);
    expect(await send({ alarms: [] })).toBe(400);
    expect(await send("{")).toBe(400);
    expect(recorded()).toEqual([]);
  });

  it("are asked for again while the trail is closed", async () => {
    const { audit, send } = await serving(kind);
    await audit.close();
    expect(await send({ alerts: [alert("firing")] })).toBe(503);
  });
});

describe("the token of the alert handler", () => {
  it("has to be long enough not to be guessed", () => {
    const audit = createAuditLog({ store: memoryStore(), signals: false });
    expect(() => alertHandler(audit, { token: "short" })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });
});
