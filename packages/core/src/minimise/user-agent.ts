/** Known products, in the order of the search: most browsers also claim to be their ancestors. */
const PRODUCTS: readonly (readonly [label: string, token: RegExp])[] = [
  ["Edge", /\bEdg(?:e|A|iOS)?\/(\d+)/],
  ["Opera", /\b(?:OPR|Opera)\/(\d+)/],
  ["Samsung Internet", /\bSamsungBrowser\/(\d+)/],
  ["Firefox", /\b(?:Firefox|FxiOS)\/(\d+)/],
  ["Chrome", /\b(?:Chrome|CriOS|HeadlessChrome)\/(\d+)/],
  ["Safari", /\bVersion\/(\d+)[\d.]* (?:Mobile\/\w+ )?Safari\//],
  ["curl", /\bcurl\/(\d+)/],
  ["Wget", /\bWget\/(\d+)/],
  ["Googlebot", /\bGooglebot(?:-\w+)?\/(\d+)/],
  ["bingbot", /\bbingbot\/(\d+)/],
  ["Prometheus", /\bPrometheus\/v?(\d+)/],
  ["kube-probe", /\bkube-probe\/(\d+)/],
  ["node", /^(?:node|undici)(?:\/(\d+))?$/],
  ["axios", /\baxios\/(\d+)/],
  ["okhttp", /\bokhttp\/(\d+)/],
  ["python-requests", /\bpython-requests\/(\d+)/],
  ["Go-http-client", /\bGo-http-client\/(\d+)/],
  ["Java", /\bJava\/(\d+)/],
  ["PostmanRuntime", /\bPostmanRuntime\/(\d+)/],
];
const CRAWLER = /bot\b|crawl|spider|slurp/i;

const seen = new Map<string, string>();
const REMEMBERED = 1_024;
/** Longer headers are not cached: client input must not fill the memory. */
const LONGEST_REMEMBERED = 512;

/**
 * Cuts a User-Agent header to a known product and its major version, `Firefox 131`; `crawler` or `other` for the rest. The whole
 * header is a fingerprint, so it is never recorded.
 */
export function userAgentProduct(header: string): string {
  const known = seen.get(header);
  if (known !== undefined) return known;
  const product = productOf(header.slice(0, 1024));
  if (header.length > LONGEST_REMEMBERED) return product;
  if (seen.size >= REMEMBERED) seen.clear();
  seen.set(header, product);
  return product;
}

function productOf(header: string): string {
  if (CRAWLER.test(header)) {
    for (const [label, token] of PRODUCTS) if (CRAWLER.test(label) && token.test(header)) return withMajor(label, token.exec(header)?.[1]);
    return "crawler";
  }
  for (const [label, token] of PRODUCTS) {
    const found = token.exec(header);
    if (found) return withMajor(label, found[1]);
  }
  return "other";
}

const withMajor = (label: string, major: string | undefined) => (major === undefined ? label : `${label} ${major.slice(0, 5)}`);
