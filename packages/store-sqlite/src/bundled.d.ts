/** The text of a module with all its imports, as one CommonJS script. */
declare module "*?bundled" {
  const code: string;
  export default code;
}
