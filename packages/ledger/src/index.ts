export { isLedgerError, LEDGER_ERRORS, LedgerError, type LedgerErrorCode } from "./ledger-error.ts";
