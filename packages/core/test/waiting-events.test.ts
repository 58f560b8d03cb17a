import { describe, expect, it } from "vitest";
import { type EventRank, WaitingEvents } from "../src/delivery/waiting-events.ts";
import { random } from "./support/random.ts";

interface Waiting {
  readonly bytes: number;
  readonly since: number;
  readonly rank: EventRank;
  readonly order: number;
}

const byOrder = (a: Waiting, b: Waiting) => a.order - b.order;

describe("waiting events", () => {
  it("equal a sorted list under random operations", () => {
    const next = random(7);
    const below = (n: number) => Math.floor(next() * n);
    const events = new WaitingEvents<Waiting>(3_000, 100_000);
    let model: Waiting[] = [];
    const away: Waiting[][] = [];
    let order = 0;
    let most = 0;
    for (let step = 0; step < 6_000; step++) {
      const kind = below(10);
      if (kind < 4) {
        for (let i = below(60); i > 0; i--) {
          const event = { bytes: 1 + below(90), since: order, rank: below(3) as EventRank, order: order++ };
          if (!events.hasRoomFor(event.bytes)) break;
          events.push(event);
          model.push(event);
        }
      } else if (kind < 7) {
        const n = below(step % 400 === 0 ? 5_000 : 40);
        const taken = events.take(n);
        expect(taken).toEqual(model.splice(0, n));
        if (below(2) === 0) away.push(taken);
      } else if (kind === 7 && away.length > 0) {
        const back = away.splice(below(away.length), 1)[0]!;
        events.putBack(back);
        model = [...model, ...back].sort(byOrder);
      } else if (kind === 8) {
        const matches = ({ order: place }: Waiting) => place % 7 === step % 7;
        const taken = events.takeMatching(matches, 20);
        const expected = model.filter(matches).slice(0, 20);
        expect(taken).toEqual(expected);
        model = model.filter((event) => !expected.includes(event));
      } else if (kind === 9) {
        const rank = below(3) as EventRank;
        const bytes = 100_000 - below(model.reduce((sum, event) => sum + event.bytes, 0) + 1);
        const removed = events.removeFor(bytes, rank);
        const lowest = [...model].sort((a, b) => a.rank - b.rank || a.order - b.order).filter((event) => event.rank <= rank);
        let left = model;
        for (const victim of lowest) {
          if (left.length < 3_000 && sum(left) + bytes <= 100_000) break;
          left = left.filter((event) => event !== victim);
        }
        if (sum(left) + bytes <= 100_000 && left.length < 3_000) {
          expect(new Set(removed)).toEqual(new Set(model.filter((event) => !left.includes(event))));
          model = left;
        } else {
          expect(removed).toBeUndefined();
        }
      }
      expect([events.length, events.bytes]).toEqual([model.length, sum(model)]);
      expect(events.longest()).toBe(model[0]?.since);
      most = Math.max(most, model.length);
    }
    expect(most).toBeGreaterThan(1_000);
    expect(events.take(Number.POSITIVE_INFINITY)).toEqual(model);
  });
});

const sum = (events: readonly Waiting[]) => events.reduce((total, event) => total + event.bytes, 0);
