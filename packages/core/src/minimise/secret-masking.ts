/**
 * Kinds of secrets and personal identifiers recognised in free text. Patterns run in linear time. A card number or an IBAN must also
 * have correct check digits, so that order numbers are not masked.
 */
const EMAIL = /[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g;
const JWT = /\beyJ[\w-]{5,4096}\.[\w-]{5,4096}\.[\w-]{0,4096}/g;
const BEARER = /\b(bearer|basic|token)\s+[A-Za-z0-9._~+/=-]{12,4096}/gi;
const IBAN = /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g;
const CARD = /\b\d(?:[ -]?\d){12,18}\b/g;

export interface Masked {
  readonly text: string;
  /** Number of replaced values. */
  readonly count: number;
}

/** Replaces mail addresses, JSON Web Tokens, bearer credentials, IBANs (ISO 13616) and payment card numbers (ISO/IEC 7812) by their kind. */
export function maskSecrets(text: string): Masked {
  let count = 0;
  const by = (kind: string, accept: (found: string) => boolean = () => true) => {
    return (found: string) => {
      if (!accept(found)) return found;
      count++;
      return `[${kind}]`;
    };
  };
  const masked = text
    .replace(JWT, by("jwt"))
    .replace(BEARER, by("credential"))
    .replace(EMAIL, by("mail"))
    .replace(IBAN, by("iban", isIban))
    .replace(CARD, by("card", isCard));
  return { text: masked, count };
}

function isIban(candidate: string): boolean {
  const compact = candidate.replaceAll(" ", "");
  if (compact.length < 15 || compact.length > 34) return false;
  const rotated = compact.slice(4) + compact.slice(0, 4);
  let rest = 0;
  for (const character of rotated) rest = Number(`${rest}${Number.parseInt(character, 36)}`) % 97;
  return rest === 1;
}

function isCard(candidate: string): boolean {
  const digits = candidate.replaceAll(/[ -]/g, "");
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    let digit = Number(digits[digits.length - 1 - i]);
    if (i % 2 === 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0 && sum > 0;
}
