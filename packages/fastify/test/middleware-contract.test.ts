import { describeMiddleware } from "@daybook/testkit";
import { openTelemetry } from "../../testkit/test/support/open-telemetry.ts";
import { sharedStrings } from "../../testkit/test/support/shared-strings.ts";
import { middlewareUnderExpress, middlewareUnderMiddie, pluginOnOldest, pluginUnderTest } from "./support/fastify-app.ts";

const options = { spans: openTelemetry(), strings: sharedStrings() };

describeMiddleware("auditPlugin on Fastify", pluginUnderTest, options);
describeMiddleware("auditPlugin on Fastify 5.0.0", pluginOnOldest);
describeMiddleware("auditMiddleware under @fastify/middie", middlewareUnderMiddie, options);
describeMiddleware("auditMiddleware under @fastify/express", middlewareUnderExpress, options);
