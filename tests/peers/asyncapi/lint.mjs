// Reads an AsyncAPI document with everything it refers to; says each finding on a line, exits 1 if there is one.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [home, file] = process.argv.slice(2);
const { Parser } = createRequire(`${home}/`)("@asyncapi/parser");
const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"), { source: file });
for (const one of diagnostics) console.log(`${one.code} at ${one.path.join("/")}: ${one.message}`);
if (document) console.log(`${document.version()}: ${document.channels().length} channels, ${document.operations().length} operations, ${document.messages().length} messages`);
process.exitCode = document && !diagnostics.length ? 0 : 1;
