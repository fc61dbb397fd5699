// Makes src/schema.ts of the gateway's OpenAPI document, which it reads from standard input.

import { writeFile } from "node:fs/promises";
import { json } from "node:stream/consumers";
import openapiTS, { astToString } from "openapi-typescript";

const PROBLEM = "application/problem+json";

const document = await json(process.stdin);
const codes = new Set(document.components.schemas.FailureCode.enum);
for (const path of Object.values(document.paths)) {
  for (const operation of Object.values(path)) {
    for (const response of Object.values(operation.responses)) {
      delete response.headers; // those of rate limits, at every answer of every route
      for (const { value } of Object.values(response.content?.[PROBLEM]?.examples ?? {})) codes.add(value.code);
    }
  }
}
const types = await openapiTS(document, {
  defaultNonNullable: false, // a field with a default may be left out
  rootTypes: true,
  rootTypesNoSchemaPrefix: true,
});
await writeFile(
  new URL("src/schema.ts", import.meta.url),
  `// Generated from the gateway's OpenAPI document by generate.mjs; not to be edited.

/** Every \`code\` that a problem of the gateway may have. */
export type ProblemCode =
${[...codes]
  .sort()
  .map((code) => `  | "${code}"`)
  .join("\n")};

${astToString(types)}`,
);
