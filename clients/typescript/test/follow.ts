/** Follows the job that the command line names and prints every event as a line of JSON, for whoever breaks things meanwhile. */

import { client } from "./service.js";

const [jobId = ""] = process.argv.slice(2);
for await (const event of client().stream(jobId)) console.log(JSON.stringify(event));
