/** What the packages offer, read from their types. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { ROOT } from "./markdown.ts";

/** Entry points that are imported, in order: `core` for `@daybook/core`, `core/store` for `@daybook/core/store`. */
export const libraries = (): string[] =>
  readdirSync(join(ROOT, "packages")).flatMap((name) => {
    const { exports = {} } = JSON.parse(readFileSync(join(ROOT, "packages", name, "package.json"), "utf8"));
    return Object.keys(exports)
      .filter((entry) => entry !== "./package.json")
      .map((entry) => join(name, entry));
  });

/** The source of an entry point: `src/index.ts`, `src/<entry>.ts` or `src/<entry>/index.ts`. */
function indexOf(library: string): string {
  const [name, entry = "index"] = library.split("/") as [string, string?];
  const file = join(ROOT, "packages", name, "src", `${entry}.ts`);
  return existsSync(file) ? file : join(ROOT, "packages", name, "src", entry, "index.ts");
}

/** The settings of `daybook.config` stand in no package's index: the command line is not imported. */
export const CLI_CONFIGURATION = join(ROOT, "packages", "cli", "src", "trail", "configuration.ts");

/** The compiler's view of all packages at once. */
export function surfaceProgram(): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, ROOT);
  return ts.createProgram([...libraries().map(indexOf), CLI_CONFIGURATION], options);
}

export interface PublicName {
  readonly name: string;
  /** `type` if it has no value at run time. */
  readonly kind: "value" | "type";
  readonly symbol: ts.Symbol;
}

/** Everything a package exports, by name. */
export const publicNames = (program: ts.Program, library: string): PublicName[] => namesOf(program, indexOf(library));

/** Everything a file exports, by name. */
export function namesOf(program: ts.Program, file: string): PublicName[] {
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file)!);
  return checker
    .getExportsOfModule(module!)
    .map((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      return { name: exported.name, kind: symbol.flags & ts.SymbolFlags.Value ? ("value" as const) : ("type" as const), symbol };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export interface Setting {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

const NO_TRUNCATION = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope;

/** Properties of an options interface as its source has them, those of an object written in place with a dot. */
export function settingsOf(program: ts.Program, symbol: ts.Symbol): Setting[] {
  const checker = program.getTypeChecker();
  const settings = (property: ts.Symbol, prefix: string): Setting[] => {
    const declaration = property.declarations?.[0];
    const written = declaration !== undefined && ts.isPropertySignature(declaration) ? declaration.type : undefined;
    const name = `${prefix}${property.name}`;
    if (written !== undefined && ts.isTypeLiteralNode(written)) {
      const inner = written.members.filter(ts.isPropertySignature).map((member) => checker.getSymbolAtLocation(member.name)!);
      if (inner.some((member) => documentationOf(checker, member) !== "")) return inner.flatMap((member) => settings(member, `${name}.`));
    }
    const type = written?.getText() ?? checker.typeToString(checker.getTypeOfSymbol(property), declaration, NO_TRUNCATION);
    return [
      {
        name,
        type: type.replaceAll(/\/\*\*[\s\S]*?\*\//g, "").replaceAll(/\s+/g, " "),
        required: (property.flags & ts.SymbolFlags.Optional) === 0,
        description: documentationOf(checker, property),
      },
    ];
  };
  return checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)).flatMap((property) => settings(property, ""));
}

export function documentationOf(checker: ts.TypeChecker, symbol: ts.Symbol): string {
  return ts.displayPartsToString(symbol.getDocumentationComment(checker)).replaceAll(/\s+/g, " ").trim();
}

/** The code of every `@example` of a symbol. */
export function examplesOf(checker: ts.TypeChecker, symbol: ts.Symbol): string[] {
  return symbol
    .getJsDocTags(checker)
    .filter(({ name }) => name === "example")
    .flatMap(({ text }) => [...ts.displayPartsToString(text).matchAll(/```ts[^\n]*\n([\s\S]*?)```/g)].map(([, code]) => code ?? ""));
}
