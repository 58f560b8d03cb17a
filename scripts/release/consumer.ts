import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ROOT } from "../docs/markdown.ts";
import { type CommandOptions, command, type Served, serve } from "./command.ts";
import { freePort } from "./local-registry.ts";

/** An application that was made outside of the workspace. */
export class Consumer {
  readonly folder: string;
  readonly #manager: "npm" | "pnpm";
  readonly #env: Readonly<Record<string, string>>;

  constructor(folder: string, manager: "npm" | "pnpm", npmrc: string) {
    this.folder = folder;
    this.#manager = manager;
    this.#env = {
      NPM_CONFIG_USERCONFIG: npmrc,
      npm_config_cache: join(folder, "..", "npm-cache"),
      DAYBOOK_DB: "",
      PATH: pathWithoutWorkspace(join(folder, "..", "tools")),
    };
    mkdirSync(folder);
    copyFileSync(npmrc, join(folder, ".npmrc"));
    if (manager === "pnpm") {
      // The rehearsal installs packages that were published a minute ago.
      this.write("pnpm-workspace.yaml", 'minimumReleaseAgeExclude: ["@daybook/*", "daybook"]\n');
    }
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  install(...names: string[]): void {
    if (this.#manager === "npm") this.run("npm", "install", "--loglevel=error", ...names);
    else this.run("pnpm", "add", "--reporter=append-only", ...names);
  }

  /** Runs a program in the folder. @returns its standard output */
  run(program: string, ...args: string[]): string {
    return command(program, args, this.#options());
  }

  /** Runs `npx daybook`, or `pnpm exec daybook`. */
  daybook(...args: string[]): string {
    return this.#manager === "npm" ? this.run("npx", "--no", "--", "daybook", ...args) : this.run("pnpm", "exec", "daybook", ...args);
  }

  /** The output of `npm audit` as JSON; an error of the registry is JSON too. */
  audit(registry: string): string {
    return command("npm", ["audit", "--json", `--registry=${registry}`], { ...this.#options(), expected: [0, 1] });
  }

  /** Starts a server by a shell command, and waits until it responds. */
  serve(line: string, url: string): Promise<Served> {
    return serve("sh", ["-c", `exec ${line}`], url, this.#options());
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

/** Programs of the machine, and this Node: nothing the workspace has installed is found by accident. */
function pathWithoutWorkspace(tools: string): string {
  if (!existsSync(tools)) {
    mkdirSync(tools);
    symlinkSync(process.execPath, join(tools, "node"));
  }
  return [tools, ...process.env.PATH!.split(delimiter).filter((entry) => !join(entry, "/").startsWith(ROOT))].join(delimiter);
}
