const BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0";

/** A person with a browser: keeps cookies, follows no redirect, returns the form token. */
export class Person {
  readonly name: string;
  /** Number of responses. */
  requests = 0;
  readonly #url: string;
  #cookie = "";
  #formToken = "";

  constructor(name: string, url: string) {
    this.name = name;
    this.#url = url;
  }

  async get(path: string): Promise<number> {
    const response = await fetch(this.#url + path, { headers: this.#headers(), redirect: "manual" });
    return this.#keep(response);
  }

  async post(path: string, fields: Readonly<Record<string, string>>): Promise<number> {
    const body = new URLSearchParams({ ...fields, form_token: this.#formToken });
    const response = await fetch(this.#url + path, { method: "POST", body, headers: this.#headers(), redirect: "manual" });
    return this.#keep(response);
  }

  async signIn(token: string): Promise<number> {
    const status = await this.post("/sign-in", { token });
    await this.get("/");
    return status;
  }

  #headers(): Record<string, string> {
    return { "user-agent": BROWSER, ...(this.#cookie === "" ? {} : { cookie: this.#cookie }) };
  }

  async #keep(response: Response): Promise<number> {
    const cookie = response.headers.get("set-cookie");
    if (cookie !== null) this.#cookie = cookie.split(";", 1)[0]!;
    const page = await response.text();
    this.requests++;
    this.#formToken = page.match(/name="form_token" value="([\w-]+)"/)?.[1] ?? this.#formToken;
    return response.status;
  }
}
