import { Gauge, Histogram, type Registry, type RegistryContentType } from "prom-client";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WINDOWS = { "5m": 5 * MINUTE_MS, "1h": HOUR_MS, "24h": DAY_MS } as const;

interface Seen {
  last: number;
  hour: number;
  requests: number;
}

/**
 * How many different people used the application lately, and how much each did in an hour, as numbers only. Who they are stays in
 * this process, for a day at most.
 */
export class ActiveUsers {
  readonly #users = new Map<string, Seen>();
  readonly #most: number;
  readonly #now: () => number;
  readonly #perHour: Histogram;

  constructor(registry: Registry<RegistryContentType>, most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
    const registers = [registry as Registry];
    const active = new Gauge({
      name: "daybook_active_users",
      help: `Different signed-in users seen during the window, at most ${most}. Of several instances, each counts its own.`,
      labelNames: ["window"],
      registers,
      collect: () => {
        for (const [window, count] of this.#counts()) active.set({ window }, count);
      },
    });
    this.#perHour = new Histogram({
      name: "daybook_requests_per_user",
      help: "Requests one signed-in user made during one hour; observed when the hour is over.",
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000],
      registers,
    });
  }

  seen(id: string): void {
    const now = this.#now();
    const hour = Math.floor(now / HOUR_MS);
    let user = this.#users.get(id);
    if (user === undefined) {
      if (this.#users.size >= this.#most) this.#forgetOldest();
      user = { last: now, hour, requests: 0 };
      this.#users.set(id, user);
    } else if (now - user.last > MINUTE_MS) {
      // Kept roughly in the order they were last seen, without paying for it at every request.
      this.#users.delete(id);
      this.#users.set(id, user);
    }
    if (user.hour !== hour) this.#closeHour(user, hour);
    user.last = now;
    user.requests++;
  }

  #closeHour(user: Seen, hour: number): void {
    if (user.requests > 0) this.#perHour.observe(user.requests);
    user.hour = hour;
    user.requests = 0;
  }

  #forgetOldest(): void {
    const oldest = this.#users.entries().next().value;
    if (oldest === undefined) return;
    this.#closeHour(oldest[1], 0);
    this.#users.delete(oldest[0]);
  }

  #counts(): Map<string, number> {
    const now = this.#now();
    const hour = Math.floor(now / HOUR_MS);
    const counts = new Map(Object.keys(WINDOWS).map((window) => [window, 0]));
    for (const [id, user] of this.#users) {
      const age = now - user.last;
      if (user.hour !== hour) this.#closeHour(user, hour);
      if (age > DAY_MS) this.#users.delete(id);
      for (const [window, ms] of Object.entries(WINDOWS)) if (age <= ms) counts.set(window, counts.get(window)! + 1);
    }
    return counts;
  }
}
