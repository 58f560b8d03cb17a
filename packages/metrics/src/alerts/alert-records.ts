import { type AuditLog, defineEvent, type PayloadSchema } from "@daybook/core";

/** Payload of an alert's record. All of it is about the system; other labels and texts of the alert are left out. */
interface AlertData {
  readonly alert: string;
  readonly severity?: string;
  readonly team?: string;
  readonly area?: string;
  readonly job?: string;
  /** Alertmanager's own name of the alert and its labels. */
  readonly fingerprint?: string;
  readonly startsAt?: string;
  readonly endsAt?: string;
  readonly value?: string;
}

const KEYS = ["alert", "severity", "team", "area", "job", "fingerprint", "startsAt", "endsAt", "value"] as const;

const alertData: PayloadSchema = {
  "~standard": {
    version: 1,
    vendor: "daybook",
    validate(value) {
      const texts = Object.entries(value as object).every(
        ([key, text]) => (KEYS as readonly string[]).includes(key) && typeof text === "string",
      );
      return texts && "alert" in (value as object) ? { value } : { issues: [{ message: `an alert has the texts ${KEYS.join(", ")}` }] };
    },
  },
};

/** Event of an alert that fires. */
export const alertFired = defineEvent({
  type: "compliance",
  action: "alert.fired",
  severity: "warning",
  delivery: "background",
  data: alertData,
  personal: [],
  description: "An alert began to fire and was sent to its receivers.",
});

/** Event of an alert that is resolved. */
export const alertResolved = defineEvent({
  type: "compliance",
  action: "alert.resolved",
  delivery: "background",
  data: alertData,
  personal: [],
  description: "An alert no longer fires.",
});

/** For the catalogue of the audit log that records alerts. */
export const ALERT_EVENTS = [alertFired, alertResolved] as const;

/** Alerts kept in mind, so that a repeated notification is one record. */
const MOST_ALERTS = 1_000;

interface WebhookAlert {
  readonly status?: unknown;
  readonly fingerprint?: unknown;
  readonly startsAt?: unknown;
  readonly endsAt?: unknown;
  readonly labels?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

/**
 * Records what Alertmanager's webhook tells: one record when an alert begins to fire and one when it is resolved, however often it
 * is repeated in between.
 * @returns number of records of a notification, once they are stored; rejects if they cannot be stored
 */
export function alertRecorder(audit: Pick<AuditLog, "recordWith">): (notification: unknown) => Promise<number> {
  const known = new Map<string, string>();
  return async (notification) => {
    const { alerts } = (notification ?? {}) as { alerts?: unknown };
    if (!Array.isArray(alerts)) throw new TypeError("not a notification of Alertmanager");
    const records = (alerts as WebhookAlert[]).flatMap((alert) => {
      const data = dataOf(alert);
      const state = `${alert.status} ${data.startsAt}`;
      const key = data.fingerprint ?? JSON.stringify(data);
      if (known.get(key) === state) return [];
      if (known.size >= MOST_ALERTS) known.delete(known.keys().next().value!);
      known.set(key, state);
      const definition = alert.status === "resolved" ? alertResolved : alertFired;
      return { key, receipt: audit.recordWith(definition, { actor: { kind: "service", id: "alertmanager" }, data }, {}) };
    });
    try {
      await Promise.all(records.map(({ receipt }) => receipt.stored));
    } catch (error) {
      // Alertmanager will say it again, and then it is news again.
      for (const { key } of records) known.delete(key);
      throw error;
    }
    return records.length;
  };
}

function dataOf({ labels = {}, annotations = {}, fingerprint, startsAt, endsAt, status }: WebhookAlert): AlertData {
  const given = {
    alert: labels.alertname ?? "unnamed",
    severity: labels.severity,
    team: labels.team,
    area: labels.area,
    job: labels.job,
    fingerprint,
    startsAt,
    endsAt: status === "resolved" ? endsAt : undefined,
    value: annotations.value,
  };
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, text]) => (typeof text === "string" ? [[key, text.slice(0, 200)]] : [])),
  ) as unknown as AlertData;
}
