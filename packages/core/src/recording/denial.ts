import type { Denial } from "../context/request-context.ts";
import { defined } from "../defined.ts";
import type { AnyRecordFields } from "./record-fields.ts";

/** The fields a denial adds to its record. */
export function denialFields({ resource, reason, policy, permissionsHeld, permissionsRequired }: Denial): AnyRecordFields {
  const data = defined({ policy, permissionsHeld, permissionsRequired });
  return defined({ resource, reason, data: Object.keys(data).length === 0 ? undefined : data });
}
