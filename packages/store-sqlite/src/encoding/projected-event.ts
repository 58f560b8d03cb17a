/** Records that move a projection are few and all about compliance; everything else is told apart by one comparison. */
export const isProjected = ({ type, action }: { readonly type: string; readonly action: string }): boolean =>
  type === "compliance" && (action.startsWith("consent.") || action.startsWith("dsar.") || action === "journal.deleted");
