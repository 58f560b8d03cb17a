import { setTimeout as wait } from "node:timers/promises";
import type { Person } from "./person.ts";

const QUESTIONS = ["opening hours", "how many books may I borrow", "the ferryman", "what is recorded", "old libraries", "late books"];

/** Typical actions in a library, frequent ones first. */
const DEEDS: readonly ((person: Person, pick: (n: number) => number) => Promise<number>)[] = [
  (person) => person.get("/"),
  (person, pick) => person.get(`/?q=${encodeURIComponent(QUESTIONS[pick(QUESTIONS.length)]!)}`),
  (person, pick) => person.get(`/?q=${encodeURIComponent(QUESTIONS[pick(QUESTIONS.length)]!)}&page=2`),
  (person) => person.get("/books"),
  (person, pick) => person.get(`/books/${1 + pick(12)}`),
  (person, pick) => person.get(`/books/${1 + pick(12)}/sections/1`),
  (person, pick) => person.get(`/books/${1 + pick(12)}/sections/2`),
  (person) => person.get("/upload"),
  (person) => person.get("/admin/readers"),
  (person) => person.get("/books/999999"),
];

/** Sends about `perSecond` requests in all until `stop` aborts, so that dashboards show data. */
export async function runTraffic(people: readonly Person[], perSecond: number, stop: AbortSignal): Promise<number> {
  const pick = (n: number) => Math.floor(Math.random() * n);
  let requests = 0;
  const live = async (person: Person) => {
    while (!stop.aborted) {
      // The square of a uniform random number prefers the first actions.
      await DEEDS[Math.floor(Math.random() ** 2 * DEEDS.length)]!(person, pick);
      requests++;
      await pause((2 * Math.random() * 1_000 * people.length) / perSecond, stop);
    }
  };
  await Promise.all(people.map(live));
  return requests;
}

async function pause(ms: number, stop: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal: stop });
  } catch (cause) {
    if (!stop.aborted) throw cause;
  }
}
