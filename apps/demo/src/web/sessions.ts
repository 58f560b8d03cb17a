import { randomBytes, timingSafeEqual } from "node:crypto";

export interface Session {
  readonly id: string;
  readonly readerId: string;
  /** Returned by every form, so that another site cannot post in the reader's name. */
  readonly formToken: string;
}

const COOKIE = "alexandria";
const LIFETIME_SECONDS = 8 * 60 * 60;
const MOST_SESSIONS = 10_000;

/** The signed-in readers, in memory: a restart ends every session. */
export class Sessions {
  readonly #sessions = new Map<string, Session & { readonly until: number }>();

  open(readerId: string): Session {
    if (this.#sessions.size >= MOST_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!);
    const session = { id: secret(), readerId, formToken: secret(), until: Date.now() + LIFETIME_SECONDS * 1000 };
    this.#sessions.set(session.id, session);
    return session;
  }

  close(session: Session): void {
    this.#sessions.delete(session.id);
  }

  closeAllOf(readerId: string): void {
    for (const session of this.#sessions.values()) if (session.readerId === readerId) this.#sessions.delete(session.id);
  }

  /** The session named in a Cookie header. */
  find(cookies: string | undefined): Session | undefined {
    const id = cookies?.match(/(?:^|; )alexandria=([\w-]{43})(?:;|$)/)?.[1];
    const session = id === undefined ? undefined : this.#sessions.get(id);
    return session !== undefined && session.until > Date.now() ? session : undefined;
  }
}

const secret = () => randomBytes(32).toString("base64url");

export const signedInCookie = (session: Session): string =>
  `${COOKIE}=${session.id}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${LIFETIME_SECONDS}`;

export const signedOutCookie = `${COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0`;

export function mayPost(session: Session, form: URLSearchParams): boolean {
  const given = Buffer.from(form.get("form_token") ?? "");
  const wanted = Buffer.from(session.formToken);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
