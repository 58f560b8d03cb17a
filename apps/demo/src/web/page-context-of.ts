import { defined } from "@daybook/core/store";
import type { PageContext } from "../pages/page-context.ts";
import type { WebRequest } from "./route.ts";

/** Data about the request that every page gets. */
export const pageContext = ({ reader, session }: Pick<WebRequest, "reader" | "session">): PageContext => ({
  ...defined({ reader, formToken: session?.formToken }),
});
