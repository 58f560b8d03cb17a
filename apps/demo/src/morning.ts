import { setTimeout as wait } from "node:timers/promises";
import { Person } from "./person.ts";

/** One step of the morning and the status of the response. */
export interface Step {
  readonly who: string;
  readonly what: string;
  readonly expected: number;
  readonly status: number;
  /** Number of requests; signing in, for example, takes the form and the next page. */
  readonly requests: number;
}

const NOTES = ["bread", "lanterns", "the river", "winter coats", "the market"].map((topic, i) => ({
  title: `Notes on ${topic}`,
  collection: "shelf",
  format: "text",
  text: `Chapter ${i + 1}\n\nWhat one reader of this library noted about ${topic}, on an ordinary morning, for later readers.\n`.repeat(3),
}));

const DIARY = { purpose: "personal_diary", notice: "reader_privacy", version: "1", language: "en", agree: "yes" };

/** An ordinary morning, with real requests from six people. Tokens are those of the demo readers, by id. */
export async function runMorning(url: string, tokens: ReadonlyMap<string, string>): Promise<Step[]> {
  const steps: Step[] = [];
  const visitor = (id: string) => new Person(id, url);
  const [someone, mira, jonas, petra, tove, amina] = ["somebody", "mira", "jonas", "petra", "tove", "amina"].map(visitor) as [
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
  ];
  const step = async (who: Person, what: string, expected: number, act: () => Promise<number>) => {
    const before = who.requests;
    const status = await act();
    steps.push({ who: who.name, what, expected, status, requests: who.requests - before });
    await wait(15);
  };

  await step(someone, "looks in", 200, () => someone.get("/"));
  await step(someone, "searches for opening hours", 200, () => someone.get("/?q=opening+hours+on+Sunday"));
  await step(someone, "follows a dead link", 404, () => someone.get("/books/999999"));
  await step(someone, "tries an unknown token", 401, () => someone.signIn("not-a-token"));
  for (const who of [mira, jonas, petra, tove, amina]) await step(who, "signs in", 303, () => who.signIn(tokens.get(who.name)!));
  // One journal that stays, one that its reader ends, and one of a reader who is removed.
  for (const who of [mira, jonas, petra]) await step(who, "asks for a diary", 303, () => who.post("/settings/agree", DIARY));
  await step(petra, "searches", 200, () => petra.get("/?q=moving+house"));
  await step(jonas, "wants no diary after all", 303, () => jonas.post("/settings/stop", { purpose: DIARY.purpose }));
  for (const question of ["How many books may I borrow?", "what does the audit trail record", "the lamplighter"]) {
    await step(mira, "asks a question", 200, () => mira.get(`/?q=${encodeURIComponent(question)}`));
  }
  await step(mira, "opens a book", 200, () => mira.get("/books/1"));
  await step(mira, "reads a section", 200, () => mira.get("/books/1/sections/1"));
  await step(mira, "looks into her journal", 200, () => mira.get("/journal"));
  for (const note of NOTES) await step(jonas, `uploads "${note.title}"`, 200, () => jonas.post("/upload", note));
  await step(jonas, "uploads one more than allowed", 429, () =>
    jonas.post("/upload", { ...NOTES[0]!, title: "One more", text: "One more text than a day allows, sent anyway.\n".repeat(4) }),
  );
  await step(tove, "uploads an empty text", 400, () =>
    tove.post("/upload", { title: "Nothing", collection: "shelf", format: "text", text: "  " }),
  );
  await step(mira, "tries the admin pages", 403, () => mira.get("/admin/readers"));
  await step(someone, "tries the admin pages", 401, () => someone.get("/admin/audit"));
  await step(amina, "opens a collection", 303, () =>
    amina.post("/admin/collections", { name: "Local history", description: "The town and its people" }),
  );
  await step(amina, "gives it up again", 303, () => amina.post("/admin/collections/local-history/remove", {}));
  await step(amina, "removes a reader who moved away, and all about her", 303, () => amina.post("/admin/readers/petra/remove", {}));
  await step(amina, "looks into the audit trail", 200, () => amina.get("/admin/audit"));
  await step(jonas, "signs out", 303, () => jonas.post("/sign-out", {}));
  return steps;
}
