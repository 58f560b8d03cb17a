import { contentIngested, createAuditLog, memorySink, noteRecorded } from "@daybook/core";
import { describe, expect, it } from "vitest";
import { expectAudited, expectNotAudited, testAuditLog } from "../src/index.ts";

describe("a test of an application", () => {
  it("finds the expected record by the given fields", async () => {
    const audit = testAuditLog();
    audit.record(contentIngested, { actor: { kind: "user", id: "ada" }, data: { source: "shelf", status: "ok", count: 3 } });
    audit.record(contentIngested, { data: { source: "desk", status: "ok" } });
    const found = await expectAudited(audit, contentIngested, { actor: "ada", data: { source: "shelf", count: expect.any(Number) } });
    expect(found.map((event) => event.data?.source)).toEqual(["shelf"]);
    await expectAudited(audit, contentIngested, {}, { times: 2 });
    await expectNotAudited(audit, contentIngested, { outcome: "failure" });
    await expectNotAudited(audit, noteRecorded);
  });

  it("fails with what was recorded instead", async () => {
    const audit = testAuditLog();
    await expect(expectAudited(audit, noteRecorded)).rejects.toThrow(/a record of note\.recorded .* recorded were: nothing/s);
    audit.record(noteRecorded, { data: { note: "other" } });
    await expect(expectAudited(audit, noteRecorded, { data: { note: "this" } })).rejects.toThrow(
      /found 0; of note\.recorded there are.*other/s,
    );
    await expect(expectAudited(audit, noteRecorded, {}, { times: 2 })).rejects.toThrow(/expected 2 records of note\.recorded.*found 1/s);
    await expect(expectNotAudited(audit, noteRecorded)).rejects.toThrow(/expected 0 records of note\.recorded/);
  });

  it("says so when there is nothing to ask", async () => {
    const audit = createAuditLog({ sinks: [{ sink: memorySink(), required: true }], signals: false });
    await expect(expectAudited(audit, noteRecorded)).rejects.toThrow(/has no store/);
    await audit.close();
  });
});
