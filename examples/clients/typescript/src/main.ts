// Provisions customers, changes one, lists them page by page and archives one, on a server without customers.
import assert from "node:assert/strict";

import { Client, Refused } from "./client.js";
import type { ProvisionCustomerInput } from "./generated/graphql.js";
import { ArchiveCustomer, GetCustomer, ListCustomers, ProvisionCustomer, UpdateCustomer } from "./operations.js";

const url = process.env["CLIENTELE_URL"] ?? "http://127.0.0.1:8080";
const apiKey = process.env["CLIENTELE_API_KEY"] ?? "server-for-this-machine-only";
const client = new Client(url, apiKey);

// An answer is lost on the way. The client sends the mutation again, and the server, which knows it by its idempotency
// key, does not carry it out again but answers what it answered.
const answers: Response[] = [];
const unlucky = new Client(url, apiKey, async (url, request) => {
  const answer = await fetch(url, request);
  if (answers.push(answer) === 1) {
    await answer.text();
    throw new TypeError("the connection was closed");
  }
  return answer;
});
const ada: ProvisionCustomerInput = {
  customerId: "ada",
  name: "Ada Lovelace",
  email: "ada@example.com",
  additionalMetaData: { seats: 3, plan: "free" },
};
await unlucky.send(ProvisionCustomer, { input: ada });
const replayed = answers.map((answer) => answer.headers.get("Idempotency-Replayed") ?? "first");
assert.deepEqual(replayed, ["first", "true"]);
console.log("provisioned ada, although the first answer was lost");

// A refusal is decided on by its code.
for (const input of [ada, ...["brian", "cleo", "dora", "edsger"].map((customerId) => ({ customerId }))]) {
  try {
    await client.send(ProvisionCustomer, { input });
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "DuplicatedEntityNotAllowed") {
      throw error;
    }
    console.log(`${String(error.facts["identifier"])} is there already`);
  }
}

// Only what is sent changes: the name is left out and stays, the email is null and is cleared, one key of the metadata
// is merged into the others.
const { updateOneCustomer: changed } = await client.send(UpdateCustomer, {
  input: { customerId: "ada", email: null, additionalMetaData: { plan: "pro" } },
});
console.log(
  `updated ada: name ${changed.name}, email ${changed.email ?? "none"}, metadata ${sorted(changed.additionalMetaData)}`,
);

// A decision that is made on what was read is sent for the version that was read. Somebody else was faster here.
await client.send(UpdateCustomer, { input: { customerId: "ada", crmId: "crm-1" } });
try {
  await client.send(UpdateCustomer, { input: { customerId: "ada", name: "Countess", ifVersion: changed.version } });
  assert.fail("the update of an old version was taken");
} catch (error) {
  if (!(error instanceof Refused) || error.code !== "VersionMismatch") {
    throw error;
  }
  console.log(
    `ada has version ${String(error.facts["currentVersion"])}, not ${changed.version}: read it and decide again`,
  );
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
