import type { FilledStackOptions } from "../stack-options.ts";
import type { TestedAlert } from "./alert.ts";
import { auditWritingAlerts } from "./audit-writing.ts";
import { consentAlerts } from "./consent.ts";
import { detectionAlerts } from "./detection.ts";
import { errorsAlerts } from "./errors.ts";
import { integrityAlerts } from "./integrity.ts";
import { latencyAlerts } from "./latency.ts";
import { privacyRequestsAlerts } from "./privacy-requests.ts";
import { queueAlerts } from "./queue.ts";
import { retentionAlerts } from "./retention.ts";
import { reviewAlerts } from "./review.ts";
import { storeRoomAlerts } from "./store-room.ts";
import { targetAlerts } from "./target.ts";
import { unusualUseAlerts } from "./unusual-use.ts";
import { watchdogAlerts } from "./watchdog.ts";

const FAMILIES = [
  latencyAlerts,
  errorsAlerts,
  auditWritingAlerts,
  targetAlerts,
  queueAlerts,
  storeRoomAlerts,
  integrityAlerts,
  unusualUseAlerts,
  retentionAlerts,
  privacyRequestsAlerts,
  reviewAlerts,
  consentAlerts,
  detectionAlerts,
  watchdogAlerts,
];

/** Every alert that ships, in the order of the page that explains them. */
export const alerts = (options: FilledStackOptions): TestedAlert[] => FAMILIES.flatMap((family) => family(options));
