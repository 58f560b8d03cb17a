import type { ConsentRecord } from "@daybook/core/store";
import type { Notice } from "./notice.ts";
import type { Purpose } from "./purpose.ts";

/** The vocabularies of a receipt. */
const CONTEXT = {
  dpv: "https://w3id.org/dpv#",
  pd: "https://w3id.org/dpv/pd#",
  "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
  loc: "https://w3id.org/dpv/loc#",
  dct: "http://purl.org/dc/terms/",
  schema: "https://schema.org/",
} as const;

const BASIS: Readonly<Record<string, string>> = { "6(1)(a)": "eu-gdpr:A6-1-a", "9(2)(a)": "eu-gdpr:A9-2-a" };

/** W3C DPV statuses of the ends of a consent. */
const ENDED: Readonly<Record<string, string>> = {
  withdrawn: "dpv:ConsentWithdrawn",
  expired: "dpv:ConsentExpired",
  invalidated: "dpv:ConsentInvalidated",
  terminated: "dpv:ConsentRevoked",
  superseded: "dpv:ConsentStatusInvalidForProcessing",
};

const METHOD: Readonly<Record<string, string>> = {
  ui: "a form on a page",
  api: "a program of the person",
  cli: "an operator at a command line",
  paper: "paper",
  signal: "a signal of the browser",
};

const INDICATED_BY: Readonly<Record<string, string>> = {
  self: "dpv:DataSubject",
  guardian: "dpv:GuardianOfDataSubject",
  operator: "dpv:DataController",
  system: "dpv:DataController",
};

/**
 * A consent receipt with the fields of ISO/IEC TS 27560, written in terms of the W3C Data Privacy Vocabulary as the guide
 * "Implementing ISO/IEC TS 27560 consent records and receipts with DPV" shows (JSON-LD), and the same in plain words.
 */
export interface ConsentReceipt {
  readonly "@context": typeof CONTEXT;
  readonly "@id": string;
  readonly "@type": "dpv:ConsentReceipt";
  /** Id of the agreement or refusal. */
  readonly "dct:identifier": string;
  readonly "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt";
  /** ISO time of the decision, or of the end of the consent. */
  readonly "dct:created": string;
  readonly "dct:publisher": string;
  readonly "schema:recipient": "dpv:DataSubject";
  readonly "dpv:hasRecordOfEntry": { readonly [term: string]: unknown };
  /** The same for a human reader, one sentence each. */
  readonly "dct:description": readonly string[];
}

/** The receipt of one agreement or refusal. It depends on nothing else, so it can be made again and compared. */
export function consentReceipt(record: ConsentRecord, purpose: Purpose, notice: Required<Notice>): ConsentReceipt {
  const { controller } = notice;
  const recipients = purpose.recipients ?? [];
  const storage = [
    { "@type": "dpv:StorageLocation", "dpv:hasLocation": [...purpose.storageLocations] },
    "days" in purpose.retention
      ? { "@type": "dpv:StorageDuration", "dpv:hasDuration": `P${purpose.retention.days}D` }
      : {
          "@type": "dpv:StorageDuration",
          "dpv:hasDuration": { "@type": "dpv:UntilEventDuration", "rdf:value": "withdrawal of the consent" },
        },
  ];
  const party = {
    "@id": "#controller",
    "@type": ["dpv:Organisation", "dpv:DataController"],
    "schema:name": controller.name,
    "schema:address": controller.address,
    "schema:contactPoint": controller.contact,
    ...(controller.dpo === undefined
      ? {}
      : { "dpv:hasRepresentative": { "@type": "dpv:DataProtectionOfficer", "schema:contactPoint": controller.dpo } }),
  };
  const decided = {
    "@type": [
      record.agreed ? "dpv:ConsentGiven" : "dpv:ConsentRefused",
      record.expression === "explicit" ? "dpv:ExplicitlyExpressedConsent" : "dpv:ExpressedConsent",
    ],
    "dpv:isIndicatedBy": INDICATED_BY[record.by] ?? "dpv:DataSubject",
    "dpv:hasIndicationMethod": `${METHOD[record.method] ?? record.method}: ${record.act}`,
    "dpv:isIndicatedAtTime": record.decidedAt,
    ...(record.validUntil === undefined ? {} : { "dpv:hasDuration": `${record.decidedAt}/${record.validUntil}` }),
  };
  const ended =
    record.endedAt === undefined
      ? []
      : [{ "@type": ENDED[record.state] ?? "dpv:ConsentStatusInvalidForProcessing", "dpv:isIndicatedAtTime": record.endedAt }];
  return {
    "@context": CONTEXT,
    "@id": `urn:uuid:${record.consent}`,
    "@type": "dpv:ConsentReceipt",
    "dct:identifier": record.consent,
    "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt",
    "dct:created": record.endedAt ?? record.decidedAt,
    "dct:publisher": controller.name,
    "schema:recipient": "dpv:DataSubject",
    "dpv:hasRecordOfEntry": {
      "@id": `urn:uuid:${record.record}`,
      "@type": "dpv:ConsentRecord",
      "dct:identifier": record.record,
      "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record",
      "dpv:hasDataSubject": { "@id": record.userId ?? "pseudonymous" },
      "dpv:hasDataController": party["@id"],
      "dpv:hasEntity": [party],
      "dpv:hasJurisdiction": record.jurisdiction === undefined ? "loc:EU" : `loc:${record.jurisdiction}`,
      "dpv:hasApplicableLaw": "eu-gdpr:GDPR",
      "dpv:hasLegalBasis": BASIS[purpose.lawfulBasis ?? "6(1)(a)"] ?? "eu-gdpr:A6-1-a",
      "dpv:hasProcess": {
        "@type": "dpv:Process",
        "dct:identifier": `${record.purpose}@${record.version}`,
        "dct:title": purpose.title,
        "dct:description": purpose.text,
        "dpv:hasPurpose": purpose.dpv?.purpose ?? "dpv:Purpose",
        "dpv:hasPersonalData": [...(purpose.dpv?.personalData ?? ["dpv:PersonalData"])],
        "dct:subject": [...purpose.dataCategories],
        "dpv:hasNecessity": purpose.necessary === true ? "dpv:Required" : "dpv:Optional",
        "dpv:hasRecipient": recipients.length === 0 ? ["dpv:DataSubject"] : [...recipients],
        "dpv:hasDataSource": "dpv:DataSubjectDataSource",
        "dpv:hasStorageCondition": storage,
        ...(purpose.transfers === undefined || purpose.transfers.length === 0
          ? {}
          : { "dpv:hasProcessing": purpose.transfers.map((transfer) => ({ "@type": "dpv:Transfer", "dct:description": transfer })) }),
      },
      "dpv:hasConsentControl": { "@type": ["dpv:ProvideConsent", "dpv:WithdrawConsent"], "dpv:isExercisedAt": notice.withdrawUrl },
      "dpv:hasRight": [
        {
          "@type": ["dpv:DataSubjectRight", "eu-gdpr:A7-3"],
          "dct:title": "Right to withdraw the consent",
          "dpv:isExercisedAt": notice.withdrawUrl,
        },
        ...(["A15", "A16", "A17", "A18", "A20"] as const).map((article) => ({
          "@type": ["dpv:DataSubjectRight", `eu-gdpr:${article}`],
          "dpv:isExercisedAt": notice.rightsUrl,
        })),
        { "@type": ["dpv:DataSubjectRight", "eu-gdpr:A77"], "dct:title": "Right to complain", "dpv:isExercisedAt": notice.authority },
      ],
      "dpv:hasNotice": {
        "@id": `urn:daybook:notice:${record.notice}:${record.noticeVersion}:${record.language}`,
        "@type": "dpv:ConsentNotice",
        "dct:language": record.language,
        "dct:date": notice.effectiveFrom,
        "schema:sha256": record.noticeSha256,
      },
      "dpv:hasConsentStatus": [decided, ...ended],
      "schema:position": record.seq,
    },
    "dct:description": plainWords(record, purpose, notice),
  };
}

function plainWords(
  record: ConsentRecord,
  purpose: Purpose,
  { controller, withdrawUrl, rightsUrl, authority }: Required<Notice>,
): string[] {
  const time = (iso: string) => `${iso.slice(0, 16).replace("T", " ")} UTC`;
  const { recipients = [] } = purpose;
  const kept = "days" in purpose.retention ? `${purpose.retention.days} days` : "until the consent ends";
  return [
    `On ${time(record.decidedAt)} you ${record.agreed ? "agreed to" : "refused"} “${purpose.title}”, asked by ${controller.name}.`,
    purpose.text,
    `It is about: ${purpose.dataCategories.join(", ")}. It is kept ${kept}, in ${purpose.storageLocations.join(", ")}.`,
    recipients.length === 0 ? "No other party receives it." : `Also received by: ${recipients.join(", ")}.`,
    ...(record.validUntil === undefined || !record.agreed
      ? []
      : [`It is valid until ${time(record.validUntil)}; then you are asked again.`]),
    ...(record.endedAt === undefined ? [] : [`It ended on ${time(record.endedAt)} (${record.state}).`]),
    `You can withdraw it at any time, without a reason: ${withdrawUrl}. What happened before stays lawful.`,
    `Your other rights: ${rightsUrl}. You can complain to ${authority}.`,
    `This is entry ${record.seq} of the audit trail; the text you were shown has the SHA-256 ${record.noticeSha256}.`,
  ];
}
