// This program provisions customers, updates one, lists them page by page and archives one. Run it against a server
// without customers.
import assert from "node:assert/strict";

import { Client, ServerError } from "./client.js";
import type { ProvisionCustomerInput } from "./generated/graphql.js";
import { ArchiveCustomer, GetCustomer, ListCustomers, ProvisionCustomer, UpdateCustomer } from "./operations.js";

const url = process.env["CLIENTELE_URL"] ?? "http://127.0.0.1:8080";
const apiKey = process.env["CLIENTELE_API_KEY"] ?? "server-for-this-machine-only";
const client = new Client(url, apiKey);

// The response is lost. The client retries the mutation with the same idempotency key, so the server does not carry it
// out again but returns the stored response.
const responses: Response[] = [];
const losingClient = new Client(url, apiKey, async (url, request) => {
  const response = await fetch(url, request);
  if (responses.push(response) === 1) {
    await response.text();
    throw new TypeError("the connection was closed");
  }
  return response;
});
const ada: ProvisionCustomerInput = {
  customerId: "ada",
  name: "Ada Lovelace",
  email: "ada@example.com",
  additionalMetaData: { seats: 3, plan: "free" },
};
await losingClient.send(ProvisionCustomer, { input: ada });
const replayed = responses.map((response) => response.headers.get("Idempotency-Replayed") ?? "first");
assert.deepEqual(replayed, ["first", "true"]);
console.log("provisioned ada, although the first response was lost");

// Decide by an error's code, never by its message.
for (const input of [ada, ...["brian", "cleo", "dora", "edsger"].map((customerId) => ({ customerId }))]) {
  try {
    await client.send(ProvisionCustomer, { input });
  } catch (error) {
    if (!(error instanceof ServerError) || error.code !== "DuplicatedEntityNotAllowed") {
      throw error;
    }
    console.log(`${String(error.extensions["identifier"])} already exists`);
  }
}

// A field that is left out stays (name), null clears a field (email), and metadata is merged key by key.
const { updateOneCustomer: changed } = await client.send(UpdateCustomer, {
  input: { customerId: "ada", email: null, additionalMetaData: { plan: "pro" } },
});
console.log(
  `updated ada: name ${changed.name}, email ${changed.email ?? "none"}, metadata ${sorted(changed.additionalMetaData)}`,
);

// ifVersion makes an update conditional on the version that was read. Here another update comes first.
await client.send(UpdateCustomer, { input: { customerId: "ada", crmId: "crm-1" } });
try {
  await client.send(UpdateCustomer, { input: { customerId: "ada", name: "Countess", ifVersion: changed.version } });
  assert.fail("an old version was updated");
} catch (error) {
  if (!(error instanceof ServerError) || error.code !== "VersionMismatch") {
    throw error;
  }
  console.log(
    `ada has version ${String(error.extensions["currentVersion"])}, not ${changed.version}: read it and decide again`,
  );
}

let after: string | null = null;
for (let page = 1; ; page++) {
  // TypeScript needs the annotation, because `after` depends on the result.
  const { customers }: { customers: Awaited<ReturnType<typeof list>> } = { customers: await list(after) };
  console.log(`page ${page}: ${customers.edges.map(({ node }) => node.customerId).join(", ")}`);
  if (!customers.pageInfo.hasNextPage) {
    break;
  }
  after = customers.pageInfo.endCursor ?? null;
}

const { archiveCustomer } = await client.send(ArchiveCustomer, { input: { customerId: "ada" } });
assert(archiveCustomer.deletedAt && Math.abs(Date.now() - Date.parse(archiveCustomer.deletedAt)) < 60_000);
const { getCustomerByRefId: gone } = await client.send(GetCustomer, { customerId: "ada" });
console.log(`archived ada: ${gone === null ? "nothing is left to read" : "it is still there"}`);

/** Returns the first two customers, or the two after a cursor. */
async function list(after: string | null) {
  const { customers } = await client.send(ListCustomers, {
    paging: { first: 2, ...(after === null ? {} : { after }) },
  });
  return customers;
}

/** Returns an object as JSON with its keys in order. */
function sorted(value: unknown): string {
  assert(typeof value === "object" && value !== null && !Array.isArray(value));
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}
