// Reads an AsyncAPI document with a parser that we did not write; exits 1 at the first error it
// names. Warnings and hints are printed and do not fail.
import { readFile } from "node:fs/promises";
import { Parser } from "@asyncapi/parser";

const ERROR = 0;
const file = process.argv[2];
if (!file) {
  console.error("usage: node asyncapi_check.mjs FILE");
  process.exit(2);
}

const { document, diagnostics } = await new Parser().parse(await readFile(file, "utf8"), {
  source: file,
});
for (const { severity, message, path, range } of diagnostics) {
  const kind = severity === ERROR ? "error" : "note";
  console.log(`${file}:${range.start.line + 1}: ${kind}: ${message} (${path.join(".")})`);
}
const isValid = document !== undefined && !diagnostics.some((d) => d.severity === ERROR);
console.log(`${file}: ${isValid ? "valid" : "not valid"}`);
process.exit(isValid ? 0 : 1);
