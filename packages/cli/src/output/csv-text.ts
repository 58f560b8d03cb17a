/**
 * Records of a CSV file (RFC 4180), each ended by CRLF. A cell with a comma, a quote or a line break of any kind is quoted.
 * Many readers take a lone LF or CR as the end of a record, and the text after it would start a cell without a guard.
 */
export function csvText(records: readonly (readonly string[])[]): string {
  let text = "";
  for (const record of records) {
    text += record.map(csvCell).join(",");
    text += "\r\n";
  }
  return text;
}

const QUOTED = /[",\r\n]/;

export const csvCell = (text: string): string => (QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
