import { Counter, Gauge, type Registry, type RegistryContentType } from "prom-client";
import { type HealthSource, type Moment, REJECTION_REASONS, type TrailHealth } from "../health/trail-health.ts";

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

interface HealthMetric {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly labels: readonly string[];
  /** Samples of the health; none if the health has no value. */
  readonly samples: (health: TrailHealth) => readonly Sample[];
}

const one = (value: number | undefined): readonly Sample[] => (value === undefined ? [] : [[{}, value]]);
const seconds = (moment: Moment | undefined) => (moment === undefined ? undefined : moment === null ? Number.NaN : moment / 1_000);
const milliseconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1_000);
const flag = (value: boolean | null | undefined) => (value === undefined ? undefined : value === null ? Number.NaN : Number(value));
const each = <T>(values: Readonly<Record<string, T>> | undefined, label: string, value: (of: T) => number): readonly Sample[] =>
  Object.entries(values ?? {}).map(([key, of]) => [{ [label]: key }, value(of)]);

const gauge = (name: string, help: string, value: (health: TrailHealth) => number | undefined): HealthMetric => ({
  name,
  help,
  type: "gauge",
  labels: [],
  samples: (health) => one(value(health)),
});

const METRICS: readonly HealthMetric[] = [
  gauge("daybook_store_rows", "Entries the store keeps.", ({ store }) => store?.rows),
  gauge("daybook_store_bytes", "Size of the store.", ({ store }) => store?.bytes),
  gauge("daybook_store_wal_bytes", "Size of the write-ahead log.", ({ store }) => store?.walBytes),
  gauge("daybook_store_free_bytes", "Room left for the store.", ({ store }) => store?.freeBytes),
  gauge("daybook_store_capacity_bytes", "Room there is for the store in all.", ({ store }) => store?.capacityBytes),
  gauge("daybook_keys_beside_data", "1 where signing keys lie beside the data they sign.", ({ store }) => flag(store?.keysBesideData)),
  {
    name: "daybook_store_lock_wait_seconds_total",
    help: "Time spent waiting for other writers of the store.",
    type: "counter",
    labels: [],
    samples: ({ store }) => one(milliseconds(store?.lockWaitMs)),
  },
  {
    name: "daybook_audit_reads_total",
    help: "Reads, exports and verifications of the trail.",
    type: "counter",
    labels: [],
    samples: ({ store }) => one(store?.reads),
  },
  {
    name: "daybook_clock_jump_total",
    help: "Steps of the system clock.",
    type: "counter",
    labels: [],
    samples: ({ store }) => one(store?.clockJumps),
  },
  gauge("daybook_checkpoint_timestamp_seconds", "When the last checkpoint was signed.", ({ checkpoint }) => seconds(checkpoint?.at)),
  gauge("daybook_checkpoint_duration_seconds", "How long the last checkpoint took.", ({ checkpoint }) => milliseconds(checkpoint?.tookMs)),
  gauge("daybook_integrity_last_result", "Result of the last verification: 1 clean, 0 not.", ({ verification }) => flag(verification?.ok)),
  gauge("daybook_integrity_last_success_timestamp_seconds", "When a verification was last clean.", ({ verification }) =>
    seconds(verification?.lastSuccessAt),
  ),
  gauge("daybook_retention_last_success_timestamp_seconds", "When the retention run last ended well.", ({ retention }) =>
    seconds(retention?.lastSuccessAt),
  ),
  {
    name: "daybook_retention_oldest_event_age_seconds",
    help: "Age of the oldest personal part that is still kept, by type.",
    type: "gauge",
    labels: ["type"],
    samples: ({ retention }) => each(retention?.types, "type", ({ oldestAgeMs }) => oldestAgeMs / 1_000),
  },
  {
    name: "daybook_retention_limit_seconds",
    help: "How old a personal part may become, by type.",
    type: "gauge",
    labels: ["type"],
    samples: ({ retention }) => each(retention?.types, "type", ({ limitMs }) => limitMs / 1_000),
  },
  gauge("daybook_erasure_pending", "Erasures that are not yet proven to be physically gone.", ({ erasures }) => erasures?.pending),
  gauge("daybook_erasure_pending_oldest_timestamp_seconds", "When the oldest pending erasure was carried out.", ({ erasures }) =>
    seconds(erasures?.oldestPendingAt),
  ),
  {
    name: "daybook_dsar_open",
    help: "Open requests of data subjects, by the time left.",
    type: "gauge",
    labels: ["due"],
    samples: ({ requests }) =>
      requests === undefined
        ? []
        : [
            [{ due: "overdue" }, requests.overdue],
            [{ due: "7d" }, requests.dueIn7Days],
            [{ due: "30d" }, requests.dueIn30Days],
            [{ due: "later" }, requests.later],
          ],
  },
  gauge("daybook_dsar_next_due_timestamp_seconds", "When the next open request of a data subject is due.", ({ requests }) =>
    seconds(requests?.nextDueAt),
  ),
  gauge("daybook_holds", "Holds in force.", ({ holds }) => holds),
  gauge("daybook_review_last_completed_timestamp_seconds", "When a review of the trail was last completed.", ({ review }) =>
    seconds(review?.lastCompletedAt),
  ),
  gauge("daybook_restore_drill_last_timestamp_seconds", "When a restore was last tried out.", ({ restoreDrill }) =>
    seconds(restoreDrill?.lastAt),
  ),
  {
    name: "daybook_consents_given",
    help: "Persons whose consent is in force, by purpose.",
    type: "gauge",
    labels: ["purpose"],
    samples: ({ consents }) => each(consents, "purpose", ({ given }) => given),
  },
  {
    name: "daybook_consents_asked",
    help: "Persons who were asked for their consent, by purpose.",
    type: "gauge",
    labels: ["purpose"],
    samples: ({ consents }) => each(consents, "purpose", ({ asked }) => asked),
  },
  {
    name: "daybook_activity_suppressed_total",
    help: "Journal entries not written because consent was missing, by purpose.",
    type: "counter",
    labels: ["purpose"],
    samples: ({ journal }) => each(journal?.noConsent, "purpose", (count) => count),
  },
  {
    name: "daybook_activity_rejected_total",
    help: "Journal entries refused at the moment of writing, by reason.",
    type: "counter",
    labels: ["reason"],
    samples: ({ journal }) => (journal === undefined ? [] : REJECTION_REASONS.map((reason) => [{ reason }, journal.rejected[reason]])),
  },
  {
    name: "daybook_detector_verdicts_total",
    help: "What people said of findings, by rule: right or wrong.",
    type: "counter",
    labels: ["rule", "verdict"],
    samples: ({ verdicts }) =>
      Object.entries(verdicts ?? {}).flatMap(([rule, { right, wrong }]): Sample[] => [
        [{ rule, verdict: "right" }, right],
        [{ rule, verdict: "wrong" }, wrong],
      ]),
  },
];

/** The parts of the health of all sources; a later source completes or replaces what an earlier one says. */
export class HealthInstruments {
  readonly #sources: HealthSource[] = [];
  readonly #timeoutMs: number;
  readonly #failures: Counter;
  readonly #known = new Map<HealthSource, TrailHealth>();
  #reading: Promise<TrailHealth> | undefined;

  constructor(registry: Registry<RegistryContentType>, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    const registers = [registry as Registry];
    this.#failures = new Counter({
      name: "daybook_health_failures_total",
      help: "Times a part of the health could not be read; what was last known is shown instead.",
      registers,
    });
    for (const metric of METRICS) this.#register(metric, registers);
  }

  add(source: HealthSource): void {
    this.#sources.push(source);
  }

  #register({ name, help, type, labels, samples }: HealthMetric, registers: Registry[]): void {
    const configuration = { name, help, labelNames: [...labels], registers, collect: () => collect() };
    const counter = type === "counter" ? new Counter(configuration) : undefined;
    const metric = counter ?? new Gauge(configuration);
    const clear = () => {
      metric.reset();
      // Without labels a reset leaves a 0 behind, which no source reported.
      if (labels.length === 0) metric.remove();
    };
    const collect = async () => {
      const found = samples(await this.#read());
      clear();
      for (const [values, value] of found) {
        if (counter === undefined) (metric as Gauge).set(values, value);
        else counter.inc(values, value);
      }
    };
    clear();
  }

  /** Every metric of a scrape asks in the same turn, so all of them share one reading. */
  #read(): Promise<TrailHealth> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAll(): Promise<TrailHealth> {
    await Promise.all(
      this.#sources.map(async (source) => {
        try {
          this.#known.set(source, await inTime(source, this.#timeoutMs));
        } catch {
          // Told by the counter: a time of success that stands still becomes an alert, a series that is gone does not.
          this.#failures.inc();
        }
      }),
    );
    return merged(this.#sources.flatMap((source) => this.#known.get(source) ?? []));
  }
}

async function inTime<T>(work: () => T | Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), ms).unref();
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function merged(parts: readonly TrailHealth[]): TrailHealth {
  const whole: Record<string, unknown> = {};
  for (const part of parts) {
    for (const [key, value] of Object.entries(part)) {
      if (value === undefined) continue;
      whole[key] = typeof value === "object" && value !== null ? { ...(whole[key] as object), ...value } : value;
    }
  }
  return whole;
}
