/**
 * True for records that change a projection. They are few and all in `compliance`, so other events cost one
 * comparison.
 */
export const isProjected = ({ type, action }: { readonly type: string; readonly action: string }): boolean =>
  type === "compliance" && (action.startsWith("consent.") || action.startsWith("dsar.") || action === "journal.deleted");
