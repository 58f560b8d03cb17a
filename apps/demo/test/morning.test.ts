import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { StoredEvent } from "@daybook/core";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { Framework } from "../src/alexandria.ts";
import { runMorning } from "../src/morning.ts";
import { verifyTrail } from "../src/trail/verify-trail.ts";
import { collect } from "./support/collect.ts";
import { FRAMEWORKS, openAlexandria } from "./support/open-alexandria.ts";
import { missingSharedData, sharedData } from "./support/shared-data.ts";

async function morning(framework: Framework) {
  const opened = await openAlexandria(framework);
  const { alexandria, tokens } = opened;
  const steps = await runMorning(alexandria.url, tokens);
  await alexandria.audit.flush();
  const events = await collect<StoredEvent>(alexandria.audit.store!.scan({}, { order: "oldest" }));
  return { ...opened, steps, events };
}

const told = ({ type, action, outcome, severity, actor, request, resource, reason, error, data }: StoredEvent) => ({
  ...{ type, action, outcome, severity, resource, reason, error, data },
  ...{ kind: actor?.kind, who: actor?.id, method: request?.method, route: request?.route, status: request?.status },
});

/** Fields that differ between mornings or frameworks. */
const PASSING = ["durationMs", "effectiveFrom", "receipt", "sha256", "run", "of", "consent", "record"];
const lasting = (event: StoredEvent) => ({
  ...told(event),
  // Express knows the route of a request only after the record of its start.
  ...(event.action === "request.started" ? { route: undefined } : {}),
  data: Object.fromEntries(Object.entries(event.data ?? {}).filter(([key]) => !PASSING.includes(key))),
});

describe.each(FRAMEWORKS)("a morning at Alexandria on %s", (framework) => {
  it("gets the expected responses and one record per request", async () => {
    const { steps, events, auditPath, alexandria } = await morning(framework);
    expect(steps.filter((step) => step.status !== step.expected)).toEqual([]);
    const requests = events.filter(({ action }) => action === "request.completed");
    expect(requests).toHaveLength(steps.reduce((sum, step) => sum + step.requests, 0));
    expect(events.filter(({ type }) => type === "access_control").map(told)).toMatchObject([
      { action: "permission.denied", kind: "anonymous", route: "/sign-in", method: "POST" },
      {
        action: "quota.exceeded",
        who: "jonas",
        route: "/upload",
        reason: "quota_exceeded",
        resource: { type: "collection", id: "shelf" },
        data: { policy: "uploads-per-day" },
      },
      {
        action: "permission.denied",
        who: "mira",
        route: "/admin/readers",
        reason: "role_missing",
        data: { policy: "pages-by-role", permissionsHeld: ["reader"], permissionsRequired: ["admin"] },
      },
      { action: "permission.denied", kind: "anonymous", route: "/admin/audit", reason: "not_signed_in" },
    ]);
    expect(events.filter(({ type }) => type === "admin_action").map(told)).toMatchObject([
      { action: "collection.added", who: "amina", resource: { type: "collection", id: "local-history" } },
      { action: "collection.removed", who: "amina", resource: { type: "collection", id: "local-history" }, data: { books: 0 } },
      { action: "reader.removed", who: "amina" },
    ]);
    expect(await verifyTrail(auditPath)).toMatchObject({ intact: true });
    const { accepted, written, queued, dropped } = alexandria.audit.stats();
    expect([written, queued, Object.values(dropped).reduce((a, b) => a + b)]).toEqual([accepted, 0, 0]);
  });

  it("leaves one ingestion record per book", async () => {
    const { alexandria } = await openAlexandria(framework);
    await alexandria.audit.flush();
    const events = await collect(alexandria.audit.store!.scan({ type: "ingestion" }, { order: "oldest" }));
    expect(events).toHaveLength(12);
    for (const { action, actor, outcome, resource, data } of events) {
      expect({ action, outcome, actor, resource, data }).toEqual({
        action: "content.ingested",
        outcome: "success",
        actor: expect.objectContaining({ kind: "service", id: "shelf-import" }),
        resource: { type: "book", id: expect.stringMatching(/^\d+$/) },
        data: {
          source: expect.stringMatching(/^\d\d-[a-z-]+\.md$/),
          count: expect.any(Number),
          bytes: expect.any(Number),
          status: "added",
          durationMs: expect.any(Number),
        },
      });
    }
  });

  it("keeps and deletes journals, and erases a reader", async () => {
    const { auditPath, close } = await morning(framework);
    await close();
    const db = new Database(auditPath, { readonly: true });
    const all = (sql: string) => db.prepare(sql).raw().all();
    expect(all("SELECT user_id, activity_type FROM user_activity ORDER BY id")).toEqual([
      ["mira", "search"],
      ["mira", "search"],
      ["mira", "search"],
      ["mira", "read"],
    ]);
    expect(all("SELECT user_id, state FROM user_consent ORDER BY granted_seq")).toEqual([
      ["mira", "given"],
      ["jonas", "withdrawn"],
    ]);
    expect(all("SELECT count(*) FROM daybook_receipt")).toEqual([[1]]);
    db.close();
    const bytes = readdirSync(dirname(auditPath), { recursive: true, encoding: "utf8" })
      .filter((name) => name.startsWith("audit.db") && statSync(join(dirname(auditPath), name)).isFile())
      .map((name) => readFileSync(join(dirname(auditPath), name), "latin1"))
      .join("");
    expect(bytes).not.toContain("moving house");
  });

  it("keeps words of searches and texts of readers out of the trail", async () => {
    const { events } = await morning(framework);
    const everything = JSON.stringify(events);
    for (const word of ["How many books", "opening hours", "What one reader", "not-a-token", "alexandria="]) {
      expect(everything).not.toContain(word);
    }
  });

  it("appears in the metrics without any person", async () => {
    const { alexandria } = await morning(framework);
    const text = await (await fetch(alexandria.metricsUrl)).text();
    expect(text).toMatch(/^daybook_http_requests_total\{.*route="\/books\/:id\/sections\/:section".*\} 1$/m);
    expect(text).toMatch(/^daybook_ingested_items_total\{.*outcome="success".*\} 17$/m);
    expect(text).toMatch(/^daybook_collection_chunks\{.*collection="shelf".*\} 77$/m);
    const labels = [...text.matchAll(/="([^"]*)"/g)].map(([, value]) => value!);
    expect(labels.filter((value) => /mira|jonas|amina|999999/.test(value))).toEqual([]);
  });
});

describe("the trail of a morning", () => {
  it("reads the same on both frameworks", async () => {
    const [express, fastify] = await Promise.all(FRAMEWORKS.map(morning));
    const lines = (events: readonly StoredEvent[]) =>
      events
        .filter(({ action }) => action !== "ledger.created")
        .map((event) => JSON.stringify(lasting(event)))
        .sort();
    expect(lines(fastify!.events)).toEqual(lines(express!.events));
  });
});

const missing = missingSharedData("books");

describe.skipIf(missing !== undefined)("a shelf of published books", () => {
  it("gets one ingestion record each, refusals with a reason", async () => {
    const { alexandria } = await openAlexandria("express", { books: sharedData("books") });
    await alexandria.audit.flush();
    const events = await collect(alexandria.audit.store!.scan({ type: "ingestion" }, { order: "oldest" }));
    const sources = events.map(({ data }) => (data as { source: string }).source);
    expect(new Set(sources).size).toBe(sources.length);
    expect(sources.filter((source) => /^\d/.test(source))).toHaveLength(12);
    expect(events.filter(({ outcome }) => outcome !== "success")).toEqual([]);
  });
});
