import { describe, expect, it } from "vitest";
import { consumerProject } from "../../testkit/test/support/consumer-project.ts";
import { programsOf } from "../../testkit/test/support/markdown-programs.ts";
import { typeErrorsIn } from "../../testkit/test/support/type-check.ts";

const programs = programsOf("getting-started-express.md");

function project() {
  const made = consumerProject(["core", "express", "store-sqlite"], {
    express: "express",
    "@types/express": "express",
    "@types/node": "..",
    zod: "..",
  });
  for (const [file, program] of Object.entries(programs)) made.write(file, program);
  return made;
}

describe("docs/getting-started-express.md", () => {
  it("shows programs that compile", () => {
    expect(Object.keys(programs)).toEqual(["app.ts", "library.ts", "library.test.ts"]);
    expect(typeErrorsIn(project().folder)).toBe("");
  });

  it("shows a first program that records", async () => {
    const made = project();
    const app = await made.serve("app.ts");
    for (const path of ["/reports", "/nothing"]) await fetch(`${app.url}${path}`);
    await app.stop();
    expect(made.auditLog().map((row) => [row.event_type, row.endpoint])).toEqual(
      expect.arrayContaining([
        ["endpoint", "/reports"],
        ["endpoint", "(unmatched)"],
      ]),
    );
  });

  it("shows a library that records who, what and why", async () => {
    const made = project();
    const app = await made.serve("library.ts");
    const ask = async (method: string, path: string, user: string, body?: object) => {
      const sent =
        body === undefined ? {} : { headers: { "x-user": user, "content-type": "application/json" }, body: JSON.stringify(body) };
      return (await fetch(`${app.url}${path}`, { method, headers: { "x-user": user }, ...sent })).status;
    };
    const statuses = [
      await ask("PUT", "/books/emma", "sabo", { pages: 474 }),
      await ask("DELETE", "/books/emma", "sabo"),
      await ask("DELETE", "/books/emma", "librarian"),
      await ask("GET", "/health", "sabo"),
    ];
    expect(statuses).toEqual([201, 403, 204, 200]);
    await app.stop();
    const rows = made.auditLog("data/library.db").filter((row) => row.event_type !== "compliance");
    expect(rows.map((row) => `${row.event_type} ${row.user_id}`)).toEqual(LIBRARY_ROWS);
  });

  it("shows a test that passes", async () => {
    const { stdout } = await project().node("--test", "library.test.ts");
    expect(stdout).toMatch(/pass 1/);
  });
});

const LIBRARY_ROWS = [
  "ingestion sabo",
  "endpoint sabo",
  // The intent of the first deletion, its refusal, its end.
  "endpoint sabo",
  "access_control sabo",
  "endpoint sabo",
  // The intent of the second, the deletion, its end.
  "endpoint librarian",
  "admin_action librarian",
  "endpoint librarian",
];
