import { describeMiddleware } from "@daybook/testkit";
import { openTelemetry } from "../../testkit/test/support/open-telemetry.ts";
import { sharedStrings } from "../../testkit/test/support/shared-strings.ts";
import { expressUnderTest, oldestRouterUnderTest } from "./support/express-app.ts";

describeMiddleware("auditMiddleware on Express", expressUnderTest, { spans: openTelemetry(), strings: sharedStrings() });
describeMiddleware("auditMiddleware on the router of Express 5.0", oldestRouterUnderTest);
