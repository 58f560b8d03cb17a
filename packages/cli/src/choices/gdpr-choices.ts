// Written out, because loading core for lists would slow `daybook --help` down; a test compares them with core's.
export const BASIS_CHOICES = ["request", "withdrawal", "objection", "unlawful", "child", "law"] as const;
export const KIND_CHOICES = ["access", "portability", "erasure", "rectification", "restriction", "objection", "withdraw", "info"] as const;
export const CHANNEL_CHOICES = ["web", "mail", "letter", "phone", "in_person", "representative"] as const;
export const METHOD_CHOICES = [
  "signed_in",
  "signed_in_mfa",
  "email_loop",
  "known_facts",
  "document_seen",
  "representative",
  "operator",
] as const;
export const STATE_CHOICES = [
  "received",
  "verifying",
  "need_information",
  "accepted",
  "searching",
  "reviewing",
  "on_hold",
  "approved",
] as const;
export const OUTCOME_CHOICES = ["fulfilled", "partly_refused", "refused", "withdrawn_by_subject"] as const;
