import { describe, expect, it } from "vitest";
import { collectionChunks, createMetrics } from "../src/index.ts";
import { nonZero, scrape } from "./support/scrape.ts";

const metricsOf = (options = {}) => createMetrics({ processMetrics: false, ...options });

describe("a metric an application declares", () => {
  it("has every declared series at 0 from the start", async () => {
    const metrics = metricsOf();
    metrics.counter({ name: "loans_total", help: "Loans.", labels: { kind: ["book", "map"], outcome: ["success", "failure"] } });
    const all = await scrape(metrics);
    for (const kind of ["book", "map"]) {
      for (const outcome of ["success", "failure"]) expect(all.get(`loans_total{kind="${kind}",outcome="${outcome}"}`)).toBe(0);
    }
  });

  it("counts undeclared values under (other)", async () => {
    const metrics = metricsOf();
    const loans = metrics.counter({ name: "loans_total", help: "Loans.", labels: { kind: ["book", "map"] } });
    loans.inc(2, { kind: "book" });
    for (let i = 0; i < 100; i++) loans.inc(1, { kind: `k${i}` });
    await scrape(metrics);
    const all = await scrape(metrics);
    expect(nonZero(all, "loans_total")).toEqual({ '{kind="book"}': 2, '{kind="(other)"}': 100 });
    expect(all.get('daybook_metrics_folded_total{metric="loans_total"}')).toBe(100);
  });

  it("shows a new label value at 0 first", async () => {
    const metrics = metricsOf();
    const uploads = metrics.counter({ name: "uploads_total", help: "Uploads.", labels: { shelf: { max: 2 } } });
    uploads.inc(1, { shelf: "north" });
    uploads.inc(1, { shelf: "north" });
    expect((await scrape(metrics)).get('uploads_total{shelf="north"}')).toBe(0);
    uploads.inc(1, { shelf: "north" });
    expect((await scrape(metrics)).get('uploads_total{shelf="north"}')).toBe(3);
    uploads.inc(1, { shelf: "north" });
    expect((await scrape(metrics)).get('uploads_total{shelf="north"}')).toBe(4);
  });

  it("is refused with a personal label", () => {
    for (const label of ["user", "user_id", "reader", "email", "client_ip", "session", "path", "query", "url"]) {
      expect(() => metricsOf().counter({ name: "loans_total", help: "Loans.", labels: { [label]: { max: 5 } } })).toThrow(
        expect.objectContaining({ code: "BAD_OPTION", hint: expect.stringContaining(`label ${label} `) }),
      );
    }
  });

  it("is refused for bad names or missing room", () => {
    const counter =
      (name: string, labels = {}) =>
      () =>
        metricsOf({ maxSeries: 300 }).counter({ name, help: "h", labels });
    for (const bad of [
      counter("loans"),
      counter("Loans_total"),
      counter("loans-total"),
      counter("loans_total", { le: ["1"] }),
      counter("loans_total", { "a-b": ["1"] }),
      counter("loans_total", { kind: { max: 0 } }),
      counter("loans_total", { kind: { max: 500 } }),
    ]) {
      expect(bad).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    }
  });

  it("of a duration begins with its buckets at 0", async () => {
    const metrics = metricsOf();
    const duration = metrics.histogram({ name: "lend_duration_seconds", help: "h", labels: { kind: ["book"] }, buckets: [0.1, 1] });
    expect((await scrape(metrics)).get('lend_duration_seconds_bucket{le="+Inf",kind="book"}')).toBe(0);
    duration.observe(0.5, { kind: "book" });
    const all = await scrape(metrics);
    expect([
      all.get('lend_duration_seconds_bucket{le="0.1",kind="book"}'),
      all.get('lend_duration_seconds_bucket{le="1",kind="book"}'),
    ]).toEqual([0, 1]);
  });

  it("of gauge kind has no series until set", async () => {
    const metrics = metricsOf();
    const open = metrics.gauge({ name: "desks_open", help: "h" });
    const sizes = new Map([
      ["tales", 5],
      ["maps", 7],
    ]);
    metrics.gauge(collectionChunks, () => [...sizes].map(([collection, chunks]) => [chunks, { collection }] as const));
    const first = await scrape(metrics);
    expect(first.has("desks_open")).toBe(false);
    expect(nonZero(first, "daybook_collection_chunks")).toEqual({ '{collection="tales"}': 5, '{collection="maps"}': 7 });
    open.set(3);
    sizes.delete("maps");
    const second = await scrape(metrics);
    expect(second.get("desks_open")).toBe(3);
    expect(nonZero(second, "daybook_collection_chunks")).toEqual({ '{collection="tales"}': 5 });
  });

  it("adds up values counted under (other)", async () => {
    const metrics = metricsOf();
    metrics.gauge({ name: "shelf_books", help: "h", labels: { shelf: { max: 2 } } }, () =>
      [1, 2, 3, 4].map((n) => [n, { shelf: `s${n}` }] as const),
    );
    expect(nonZero(await scrape(metrics), "shelf_books")).toEqual({ '{shelf="s1"}': 1, '{shelf="s2"}': 2, '{shelf="(other)"}': 7 });
  });
});

describe("a top list", () => {
  it("shows an item after five different people", async () => {
    const metrics = metricsOf();
    const read = metrics.topList();
    for (let i = 0; i < 100; i++) read.used("The Prince", "ada");
    for (const user of ["ada", "bob", "cay", "dov"]) read.used("Alice", user);
    expect(nonZero(await scrape(metrics), "daybook_top_resources")).toEqual({});
    read.used("Alice", "eve");
    expect(nonZero(await scrape(metrics), "daybook_top_resources")).toEqual({ '{resource="Alice"}': 5 });
  });

  it("shows the most used items of its window", async () => {
    let now = 0;
    const metrics = metricsOf({ clock: { now: () => now } });
    const read = metrics.topList({ size: 3, windowMs: 1_000 });
    for (let item = 0; item < 20; item++) for (let user = 0; user < 5 + item; user++) read.used(`b${item}`, `u${user}`);
    expect(nonZero(await scrape(metrics), "daybook_top_resources")).toEqual({
      '{resource="b19"}': 24,
      '{resource="b18"}': 23,
      '{resource="b17"}': 22,
    });
    now = 1_000;
    expect(nonZero(await scrape(metrics), "daybook_top_resources")).toEqual({});
  });

  it("refuses to show less than five people", () => {
    expect(() => metricsOf().topList({ k: 4 })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });
});
