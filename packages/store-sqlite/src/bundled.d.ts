/** The text of a module with everything it imports, as one CommonJS script. */
declare module "*?bundled" {
  const code: string;
  export default code;
}
