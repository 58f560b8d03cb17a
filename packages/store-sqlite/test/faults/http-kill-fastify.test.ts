import { describeKills } from "./support/http-kill.ts";

await describeKills("fastify");
