/** Fields of a head by which entries are counted and found. */
export interface HeadFields {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly ts: string;
  readonly type: string;
  readonly action: string;
  readonly severity: string;
  readonly outcome: string;
  readonly route: string | undefined;
}

const ACTION = '{"action":"';

/**
 * The fields of a head. Its canonical text sorts its keys (docs/ledger.md): `action` is the first one, and keys with
 * objects come before `outcome`. A quote inside of a text has a backslash before it. So the fields are cut out of
 * the text, which takes a tenth of the time of parsing it.
 */
export function headFields(head: string): HeadFields {
  const end = head.indexOf('"', ACTION.length);
  const outcome = lastText(head, '"outcome":"');
  const severity = lastText(head, '"severity":"');
  const ts = lastText(head, '"ts":"');
  const type = lastText(head, '"type":"');
  const id = lastText(head, '"id":"');
  if (!head.startsWith(ACTION) || end < 0 || !outcome || !severity || !ts || !type || !id) return parsedFields(head);
  const action = head.slice(ACTION.length, end);
  const route = lastText(head, '"route":"');
  // An escape needs the parser. A route of the details is not one of the head.
  if (
    action.includes("\\") ||
    (route !== undefined && (route.includes("\\") || head.lastIndexOf('"route":"') < head.lastIndexOf('"outcome":"')))
  )
    return parsedFields(head);
  return { id, ts, type, action, severity, outcome, route };
}

/** Like `headFields`; undefined for a text that is not JSON, which only an edited file has. */
export function readableFields(head: string): HeadFields | undefined {
  try {
    return headFields(head);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    return undefined;
  }
}

function lastText(head: string, key: string): string | undefined {
  const at = head.lastIndexOf(key);
  if (at < 0) return undefined;
  const from = at + key.length;
  return head.slice(from, head.indexOf('"', from));
}

function parsedFields(head: string): HeadFields {
  const fields = JSON.parse(head) as { readonly [key: string]: unknown };
  const text = (key: string) => (typeof fields[key] === "string" ? fields[key] : "");
  return {
    id: text("id"),
    ts: text("ts"),
    type: text("type"),
    action: text("action"),
    severity: text("severity"),
    outcome: text("outcome"),
    route: typeof fields.route === "string" ? fields.route : undefined,
  };
}
