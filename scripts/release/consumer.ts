import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandOptions, command, serve } from "./command.ts";
import { freePort } from "./local-registry.ts";

/** An application that was made outside of the workspace. */
export class Consumer {
  readonly folder: string;
  readonly #manager: "npm" | "pnpm";
  readonly #env: Readonly<Record<string, string>>;

  constructor(folder: string, manager: "npm" | "pnpm", npmrc: string) {
    this.folder = folder;
    this.#manager = manager;
    this.#env = { NPM_CONFIG_USERCONFIG: npmrc, npm_config_cache: join(folder, "..", "npm-cache"), DAYBOOK_DB: "" };
    mkdirSync(folder);
    if (manager === "pnpm") {
      // What was published a minute ago is what this is about.
      this.write("pnpm-workspace.yaml", 'minimumReleaseAgeExclude: ["@daybook/*", "daybook"]\n');
    }
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  install(...names: string[]): void {
    if (this.#manager === "npm") this.run("npm", "install", "--silent", ...names);
    else this.run("pnpm", "add", "--silent", ...names);
  }

  /** Runs a program in the folder and answers with what it printed. */
  run(program: string, ...args: string[]): string {
    return command(program, args, this.#options());
  }

  /** Runs `npx daybook`, or `pnpm exec daybook`. */
  daybook(...args: string[]): string {
    return this.#manager === "npm" ? this.run("npx", "--no", "daybook", ...args) : this.run("pnpm", "exec", "daybook", ...args);
  }

  /** Starts a server that listens at `PORT`, asks it for some paths, and ends it. */
  async visit(file: string, paths: readonly string[]): Promise<void> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const served = await serve(process.execPath, [file], `${url}/`, this.#options({ PORT: String(port) }));
    for (const path of paths) await (await fetch(url + path)).text();
    await served.stop();
  }

  #options(env: Readonly<Record<string, string>> = {}): CommandOptions {
    return { cwd: this.folder, env: { ...this.#env, ...env } };
  }
}
