import type { PageContext } from "../pages/page-context.ts";
import type { WebRequest } from "./route.ts";

/** What every page knows about the request it answers. */
export const pageContext = ({ reader, session }: Pick<WebRequest, "reader" | "session">): PageContext => ({
  ...(reader === undefined ? {} : { reader }),
  ...(session === undefined ? {} : { formToken: session.formToken }),
});
