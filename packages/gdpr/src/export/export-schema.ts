const text = { type: "string" } as const;
const time = { type: "string", format: "date-time" } as const;
const count = { type: "integer", minimum: 0 } as const;
const texts = { type: "array", items: text } as const;
const list = (items: object) => ({ type: "array", items });
const record = (required: readonly string[], properties: Readonly<Record<string, object>>, more = false) => ({
  type: "object",
  required,
  properties,
  additionalProperties: more,
});

const activity = record(["id", "time", "activity", "purpose", "version", "consent"], {
  id: text,
  time,
  activity: text,
  query: text,
  resourceType: text,
  resourceId: text,
  collection: text,
  details: { type: "object" },
  purpose: text,
  version: text,
  consent: text,
});

const auditRecord = record(["seq", "state", "roles"], {
  seq: count,
  /** Whether parts of it were erased or have expired. */
  state: { enum: ["full", "partial", "empty"] },
  /** In which the person occurs. */
  roles: { type: "array", items: { enum: ["actor", "subject", "target"] } },
  id: text,
  time,
  type: text,
  action: text,
  severity: text,
  outcome: text,
  actor: { type: "object" },
  subjects: list({ type: "object" }),
  resource: { type: "object" },
  purpose: text,
  reason: text,
  request: { type: "object" },
  tenant: text,
  data: { type: "object" },
  error: { type: "object" },
  service: text,
  instance: text,
  redacted: texts,
});

const consent = record(["consent", "record", "purpose", "version", "state", "agreed", "decidedAt", "notice", "noticeSha256"], {
  consent: text,
  record: text,
  userId: text,
  purpose: text,
  version: text,
  notice: text,
  noticeVersion: text,
  language: text,
  noticeSha256: text,
  state: text,
  agreed: { type: "boolean" },
  epoch: count,
  method: text,
  act: text,
  by: text,
  expression: text,
  decidedAt: time,
  endedAt: time,
  validUntil: time,
  jurisdiction: text,
  seq: count,
  endedSeq: count,
  receipt: { type: "object" },
});

/** JSON Schema (draft 2020-12) of `export.json`, the file in which a person gets everything. */
export const EXPORT_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:daybook:schema:export:1",
  title: "Everything a Daybook audit trail holds about one person",
  ...record(["format", "made", "person", "log", "information", "places", "consents", "notices", "requests", "journal", "records"], {
    format: { const: "daybook-export/1" },
    made: time,
    person: text,
    log: text,
    request: text,
    information: { type: "object" },
    places: list(record(["place", "searched"], { place: text, searched: { type: "boolean" }, found: count, note: text })),
    consents: list(consent),
    notices: list(
      record(["notice", "version", "language", "sha256", "content"], {
        notice: text,
        version: text,
        language: text,
        sha256: text,
        content: text,
      }),
    ),
    requests: list(
      record(
        ["request", "kinds", "state", "receivedAt", "dueAt"],
        { request: text, kinds: texts, state: text, receivedAt: time, dueAt: text },
        true,
      ),
    ),
    journal: list(activity),
    records: list(auditRecord),
  }),
} as const;

/** JSON Schema of `portability.json`: what the person provided or what was observed of them, under a consent (Art. 20). */
export const PORTABILITY_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:daybook:schema:portability:1",
  title: "What a person takes along",
  ...record(["format", "made", "person", "consents", "journal"], {
    format: { const: "daybook-portability/1" },
    made: time,
    person: text,
    consents: list(consent),
    journal: list(activity),
  }),
} as const;
