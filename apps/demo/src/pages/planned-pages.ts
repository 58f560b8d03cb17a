import { html } from "./html.ts";
import { layout } from "./layout.ts";
import type { PageContext } from "./page-context.ts";

/** Keeps the place of the settings. */
export const settingsPage = (page: PageContext): string =>
  layout({
    ...page,
    title: "Settings",
    current: "/settings",
    content: html`<p class="note">This page comes later.</p>
<p>Here you will choose what the library may do with your reading: whether it keeps a personal diary of your searches and reads for you,
and whether what you do may be counted to improve the library. Nothing of the kind happens unless you say so, and every choice can be
taken back as easily as it was made.</p>`,
  });

/** Keeps the place of the reader's own journal. */
export const journalPage = (page: PageContext): string =>
  layout({
    ...page,
    title: "My journal",
    current: "/journal",
    content: html`<p class="note">This page comes later.</p>
<p>Here you will read the diary of your own searches and reads, take a copy of it with you, and delete it in whole or in part.
Until you ask for a journal in the <a href="/settings">settings</a>, none is kept.</p>`,
  });
