import { formToken } from "./form-token.ts";
import { type Fragment, html } from "./html.ts";
import type { PageContext } from "./page-context.ts";

/** The policy of every page: one style sheet and forms of this site, nothing else. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

export interface Page extends PageContext {
  readonly title: string;
  /** Address of the menu entry of the page. */
  readonly current?: string;
  readonly content: Fragment;
}

const MENU = [
  { href: "/", label: "Search" },
  { href: "/books", label: "Books" },
  { href: "/upload", label: "Upload" },
  { href: "/journal", label: "My journal" },
  { href: "/settings", label: "Settings" },
] as const;
const ADMIN = { href: "/admin", label: "Admin" } as const;

/** A whole page. */
export function layout(page: Page): string {
  const { title, current, content, reader } = page;
  const entries = reader?.role === "admin" ? [...MENU, ADMIN] : MENU;
  const menu = entries.map(
    ({ href, label }) => html`<li><a href="${href}"${href === current && html` aria-current="page"`}>${label}</a></li>`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Alexandria</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="site">
<a class="brand" href="/">Alexandria</a>
<nav aria-label="Main"><ul>${menu}</ul></nav>
${
  reader === undefined
    ? html`<a class="who" href="/sign-in">Sign in</a>`
    : html`<form class="who" method="post" action="/sign-out">${formToken(page)}<span>${reader.name}</span> <button>Sign out</button></form>`
}
</header>
<main id="main" tabindex="-1">
<h1>${title}</h1>
${content}
</main>
<footer class="site"><p>Alexandria is a small library that keeps an audit trail.</p></footer>
</body>
</html>
`.toString();
}
