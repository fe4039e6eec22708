// Provisions customers, changes one, lists them page by page and archives one, on a server without customers.
import assert from "node:assert/strict";

import { Client, Refused } from "./client.js";
import type { ProvisionCustomerInput } from "./generated/graphql.js";
import { ArchiveCustomer, GetCustomer, ListCustomers, ProvisionCustomer, UpdateCustomer } from "./operations.js";

const url = process.env["CLIENTELE_URL"] ?? "http://127.0.0.1:8080";
const apiKey = process.env["CLIENTELE_API_KEY"] ?? "server-for-this-machine-only";
const client = new Client(url, apiKey);

// An answer is lost on the way. The client sends the mutation again, and one customer is there.
let lost = 0;
const unlucky = new Client(url, apiKey, async (url, request) => {
  const response = await fetch(url, request);
  if (lost++ === 0) {
    await response.text();
    throw new TypeError("the connection was closed");
  }
  return response;
});
await provision(unlucky, {
  customerId: "ada",
  name: "Ada Lovelace",
  email: "ada@example.com",
  additionalMetaData: { seats: 3, plan: "free" },
});
assert.equal(lost, 2);
console.log("provisioned ada, although the first answer was lost");

for (const customerId of ["brian", "cleo", "dora", "edsger"]) {
  await provision(client, { customerId });
}

// Only what is sent changes: the name is left out and stays, the email is null and is cleared, one key of the metadata
// is merged into the others.
const { updateOneCustomer: ada } = await client.send(UpdateCustomer, {
  input: { customerId: "ada", email: null, additionalMetaData: { plan: "pro" } },
});
console.log(`updated ada: name ${ada.name}, email ${ada.email ?? "none"}, metadata ${sorted(ada.additionalMetaData)}`);

// A decision that is made on what was read is sent for the version that was read. Somebody else was faster here.
await client.send(UpdateCustomer, { input: { customerId: "ada", crmId: "crm-1" } });
try {
  await client.send(UpdateCustomer, { input: { customerId: "ada", name: "Countess", ifVersion: ada.version } });
  assert.fail("the update of an old version was taken");
} catch (error) {
  if (!(error instanceof Refused) || error.code !== "VersionMismatch") {
    throw error;
  }
  console.log(`ada has version ${String(error.facts["currentVersion"])}, not ${ada.version}: read it and decide again`);
}

let after: string | null = null;
for (let page = 1; ; page++) {
  // The annotation is because `after` depends on what it is given to.
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

/** Provisions a customer, or leaves the one that is there as it is. */
async function provision(client: Client, input: ProvisionCustomerInput & { customerId: string }): Promise<void> {
  try {
    await client.send(ProvisionCustomer, { input });
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "DuplicatedEntityNotAllowed") {
      throw error;
    }
  }
}

/** Two customers, those after a place in the list or the first ones. */
async function list(after: string | null) {
  const { customers } = await client.send(ListCustomers, {
    paging: { first: 2, ...(after === null ? {} : { after }) },
  });
  return customers;
}

/** An object as JSON with its keys in order. */
function sorted(value: unknown): string {
  assert(typeof value === "object" && value !== null && !Array.isArray(value));
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}
