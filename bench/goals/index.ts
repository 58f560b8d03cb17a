import type { Goal } from "../measure/bench.ts";
import { awaitedEvents } from "./awaited.ts";
import { exportLog } from "./export.ts";
import { insertAtFirst, insertAtLast, insertAtMiddle, insertWhileSmall } from "./growth.ts";
import { showHelp } from "./help.ts";
import { expressRequests, fastifyRequests } from "./http.ts";
import { requestMetrics } from "./metrics.ts";
import { erasePerson, expireOldest } from "./removal.ts";
import { verifyLog } from "./verify.ts";

/** In the order in which they need the log to have grown; what removes from it comes last. */
export const GOALS: readonly Goal[] = [
  showHelp,
  expressRequests,
  fastifyRequests,
  requestMetrics,
  awaitedEvents,
  insertWhileSmall,
  insertAtFirst,
  verifyLog,
  exportLog,
  insertAtMiddle,
  insertAtLast,
  erasePerson,
  expireOldest,
];
