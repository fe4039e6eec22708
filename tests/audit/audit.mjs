// Runs the audits of the GraphQL over HTTP working group against a server that is started for the occasion, with the
// embedded engine in a folder of its own. An audit that is only recommended counts as much as one that is required.
//
//   node audit.mjs PROGRAM
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { serverAudits } from "graphql-http";

const wanted = 61;
const key = "server-for-the-audits-on-this-machine";

const folder = await mkdtemp(join(tmpdir(), "clientele-audit-"));
const server = spawn(
  process.argv[2],
  ["--listen", "127.0.0.1:0", "--data-dir", folder, "--api-key", key, "--log-level", "warn"],
  {
    stdio: ["ignore", "pipe", "inherit"],
  },
);
const ended = new Promise((resolve) => server.on("exit", resolve));

async function address() {
  for await (const line of createInterface({ input: server.stdout })) {
    const found = line.match(/GraphQL\s+(\S+)/);
    if (found) return found[1];
  }
  throw new Error("the server ended without serving");
}

let passed = 0;
try {
  const audits = serverAudits({
    url: await address(),
    fetchFn: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, "X-API-KEY": key } }),
  });
  for (const audit of audits) {
    const result = await audit.fn();
    if (result.status === "ok") passed++;
    else console.log(`${result.status} ${result.id} ${result.name}: ${result.reason}`);
  }
  console.log(`${passed} of ${audits.length}`);
  if (audits.length !== wanted) console.log(`there should be ${wanted} audits`);
  process.exitCode = passed === audits.length && audits.length === wanted ? 0 : 1;
} finally {
  server.kill();
  await ended;
  await rm(folder, { recursive: true });
}
