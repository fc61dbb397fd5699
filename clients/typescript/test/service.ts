/** The service that the tests are run against. */

import { Scriptorium } from "@scriptorium/client";

export const SERVICE_URL = required("SCRIPTORIUM_URL");
export const API_KEY = required("SCRIPTORIUM_API_KEY");

/** Return what a variable of the environment holds. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: these tests are run by tests/e2e/test_typescript_client.py`);
  return value;
}

/** Return a client of the service. */
export function client(): Scriptorium {
  return new Scriptorium({ baseUrl: SERVICE_URL, apiKey: API_KEY });
}
