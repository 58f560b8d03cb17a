import { DaybookError } from "@daybook/core";
import type { Encrypter } from "age-encryption";

/**
 * What encrypts files so that each of these recipients can read them (age-encryption.org/v1).
 * @param recipients public keys, `age1…`
 * @throws {DaybookError} `BAD_OPTION`
 */
export async function encrypterFor(recipients: readonly string[]): Promise<Encrypter> {
  const { Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  for (const [i, recipient] of recipients.entries()) {
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      // It may be a secret key that was given by mistake, so it is not repeated.
      throw new DaybookError("BAD_OPTION", `Recipient ${i + 1} of \`encryptTo\` is no public key of age, which begins with age1.`, {
        cause,
      });
    }
  }
  return encrypter;
}
