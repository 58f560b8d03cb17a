import { formToken } from "./form-token.ts";
import { type Fragment, html } from "./html.ts";
import { layout } from "./layout.ts";
import type { PageContext } from "./page-context.ts";

/** One purpose to which a reader can agree, with the reader's choice. */
export interface PurposeChoice {
  readonly purpose: string;
  readonly title: string;
  readonly text: string;
  /** The recorded data, one line each. */
  readonly logged: readonly string[];
  readonly kept: string;
  readonly recipients: string;
  /** The label of the box. */
  readonly phrase: string;
  /** Time of the consent in force, ISO 8601; absent if there is none. */
  readonly since?: string;
  /** Id of the consent, for its receipt. */
  readonly consent?: string;
  /** True if a material change replaced the version to which the reader agreed. */
  readonly changed?: boolean;
  readonly entries: number;
}

export interface SettingsPage extends PageContext {
  readonly notice: { readonly notice: string; readonly version: string; readonly language: string; readonly content: string };
  /** Empty if no reader is signed in. */
  readonly choices: readonly PurposeChoice[];
  /** Result of the last form. */
  readonly message?: string;
}

const day = (iso: string) => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

/** The box is always shown empty: consent is an act of the person (GDPR, Art. 4(11)). */
const off = (page: SettingsPage, { purpose, phrase, changed }: PurposeChoice): Fragment => html`
${changed === true && html`<p class="problem">The text that you agreed to has changed, so nothing is kept now. Read the new text and choose again.</p>`}
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
<dt>Data</dt><dd>${chosen.logged.join(", ")}</dd>
<dt>How long</dt><dd>${chosen.kept}</dd>
<dt>Recipients</dt><dd>${chosen.recipients}</dd>
</dl>
</div>
${chosen.since === undefined ? off(page, chosen) : on(page, chosen)}
</section>`;

/**
 * Consent: the data that the library may keep about a reader, one choice per purpose. Forms post to /settings/agree
 * and /settings/stop.
 */
export const settingsPage = (page: SettingsPage): string =>
  layout({
    ...page,
    title: "Settings",
    current: "/settings",
    content: html`${page.message !== undefined && html`<p class="done" role="status">${page.message}</p>`}
<p>Here you choose which data about your reading the library may keep. Without your consent it keeps none. A refusal has no other effect, and
one button withdraws each choice.</p>
${page.choices.length === 0 ? html`<p><a href="/sign-in">Sign in</a> to choose.</p>` : page.choices.map((chosen) => choice(page, chosen))}
<details><summary>The whole notice, version ${page.notice.version}</summary>
${page.notice.content.split("\n\n").map((paragraph) => html`<p>${paragraph}</p>`)}
</details>
${page.choices.length > 0 && html`<p>The kept entries are in <a href="/journal">your journal</a>.</p>`}`,
  });

/** Shown instead of settings and journal if the store of the trail keeps neither. */
export const noPrivacyPage = (page: PageContext): string =>
  layout({
    ...page,
    title: "Settings",
    current: "/settings",
    content: html`<p class="note">The store of this library keeps no journals, so there is no choice to make: your searches and readings are not kept.</p>`,
  });
