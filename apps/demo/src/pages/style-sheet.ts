/** The one style sheet, to be served as /style.css. */
export const STYLE_SHEET = new URL("./style.css", import.meta.url);
