import { formToken } from "./form-token.ts";
import { type Fragment, html } from "./html.ts";
import { layout } from "./layout.ts";
import type { PageContext } from "./page-context.ts";

/** One thing a reader can agree to, and where they stand with it. */
export interface PurposeChoice {
  readonly purpose: string;
  readonly title: string;
  readonly text: string;
  /** What is written down, one line each. */
  readonly logged: readonly string[];
  readonly kept: string;
  readonly recipients: string;
  /** The words beside the box. */
  readonly phrase: string;
  /** Since when the reader agrees, ISO time; absent where they do not. */
  readonly since?: string;
  /** Id of the agreement, for its receipt. */
  readonly consent?: string;
  /** A material change replaced what the reader agreed to. */
  readonly changed?: boolean;
  readonly entries: number;
}

export interface SettingsPage extends PageContext {
  readonly notice: { readonly notice: string; readonly version: string; readonly language: string; readonly content: string };
  /** Empty where nobody is signed in. */
  readonly choices: readonly PurposeChoice[];
  /** What the last form did, or why it did nothing. */
  readonly message?: string;
}

const day = (iso: string) => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

/** The box is empty whenever it is shown: an agreement is something a person does (GDPR, Art. 4(11)). */
const off = (page: SettingsPage, { purpose, phrase, changed }: PurposeChoice): Fragment => html`
${changed === true && html`<p class="problem">What you agreed to has changed since, so nothing is kept. Read it again and choose anew.</p>`}
<form method="post" action="/settings/agree">
${formToken(page)}
<input type="hidden" name="purpose" value="${purpose}">
<input type="hidden" name="notice" value="${page.notice.notice}">
<input type="hidden" name="version" value="${page.notice.version}">
<input type="hidden" name="language" value="${page.notice.language}">
<p class="choice"><input type="checkbox" id="agree-${purpose}" name="agree" value="yes" aria-describedby="about-${purpose}"><label for="agree-${purpose}">${phrase}</label></p>
<p><button aria-describedby="title-${purpose}">Save</button></p>
</form>`;

const on = (page: SettingsPage, { purpose, since, consent, entries }: PurposeChoice): Fragment => html`
<p class="done">You agreed on ${day(since ?? "")}. ${entries === 1 ? "1 entry is" : `${entries} entries are`} kept. <a href="/settings/receipts/${consent ?? ""}" aria-describedby="title-${purpose}">Receipt</a></p>
<form method="post" action="/settings/stop">
${formToken(page)}
<input type="hidden" name="purpose" value="${purpose}">
<p><button aria-describedby="title-${purpose}">Stop and delete it</button></p>
</form>`;

const choice = (
  page: SettingsPage,
  chosen: PurposeChoice,
): Fragment => html`<section class="purpose" aria-labelledby="title-${chosen.purpose}">
<h2 id="title-${chosen.purpose}">${chosen.title}</h2>
<div id="about-${chosen.purpose}">
<p>${chosen.text}</p>
<dl>
<dt>What is written down</dt><dd>${chosen.logged.join(", ")}</dd>
<dt>How long</dt><dd>${chosen.kept}</dd>
<dt>Who else gets it</dt><dd>${chosen.recipients}</dd>
</dl>
</div>
${chosen.since === undefined ? off(page, chosen) : on(page, chosen)}
</section>`;

/** Consent: what the library may keep of a reader, each purpose by itself. Forms post to /settings/agree and /settings/stop. */
export const settingsPage = (page: SettingsPage): string =>
  layout({
    ...page,
    title: "Settings",
    current: "/settings",
    content: html`${page.message !== undefined && html`<p class="done" role="status">${page.message}</p>`}
<p>Here you choose what the library may keep of your reading. Nothing below happens unless you say so, saying no changes nothing else, and every
choice can be taken back here with one button.</p>
${page.choices.length === 0 ? html`<p><a href="/sign-in">Sign in</a> to choose.</p>` : page.choices.map((chosen) => choice(page, chosen))}
<details><summary>The whole notice, version ${page.notice.version}</summary>
${page.notice.content.split("\n\n").map((paragraph) => html`<p>${paragraph}</p>`)}
</details>
${page.choices.length > 0 && html`<p>What was kept is in <a href="/journal">your journal</a>.</p>`}`,
  });

/** In place of settings and journal, where the store of the trail keeps neither. */
export const noPrivacyPage = (page: PageContext): string =>
  layout({
    ...page,
    title: "Settings",
    current: "/settings",
    content: html`<p class="note">The store of this library keeps no journals, so there is nothing to choose: nothing of what you search or read is kept.</p>`,
  });
