import type { Goal } from "../measure/bench.ts";
import { insertAtFirst, insertAtLast, insertAtMiddle, insertWhileSmall } from "./growth.ts";
import { expressRequests, fastifyRequests } from "./http.ts";

export const GOALS: readonly Goal[] = [expressRequests, fastifyRequests, insertWhileSmall, insertAtFirst, insertAtMiddle, insertAtLast];
