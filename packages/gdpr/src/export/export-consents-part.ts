import type { ConsentRecord, ConsentStore, NoticeVersion } from "@daybook/core/store";
import { type ConsentReceipt, consentReceipt } from "../consent/consent-receipt.ts";
import { noticeOf } from "../consent/notice.ts";
import { purposeOf } from "../consent/purpose.ts";

/** A consent with its receipt, if its texts are published. */
export type ReceiptedConsent = ConsentRecord & { readonly receipt?: ConsentReceipt };

/** All consents of a person with their receipts. */
export async function consentsWithReceipts(store: ConsentStore, userId: string): Promise<ReceiptedConsent[]> {
  const [purposes, notices] = [await store.purposes(), await store.notices()];
  return (await store.consentsOf(userId)).map((record) => {
    const purpose = purposes.find((known) => known.purpose === record.purpose && known.version === record.version);
    const notice = notices.find(
      (known) => known.notice === record.notice && known.version === record.noticeVersion && known.language === record.language,
    );
    return purpose === undefined || notice === undefined
      ? record
      : { ...record, receipt: consentReceipt(record, purposeOf(purpose), noticeOf(notice)) };
  });
}

/** The texts that the person was shown. */
export function noticesOf(notices: readonly NoticeVersion[], consents: readonly ConsentRecord[]) {
  return notices
    .filter((known) =>
      consents.some(
        (record) => known.notice === record.notice && known.version === record.noticeVersion && known.language === record.language,
      ),
    )
    .map(({ notice, version, language, sha256, content }) => ({ notice, version, language, sha256, content }));
}
