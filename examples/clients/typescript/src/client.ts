import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { TypedDocumentString } from "./generated/graphql.js";

/** What the server refused. Programs decide on the code; docs/errors.md lists them. */
export class Refused extends Error {
  readonly code: string;

  constructor(
    message: string,
    readonly facts: { code?: string; [fact: string]: unknown },
    /** How long the server asks to wait, in seconds, if it does. */
    readonly retryAfter: number | undefined,
  ) {
    super(message);
    this.code = facts.code ?? "UnexpectedError";
  }
}

// After these nothing was changed, or, for the latter two, possibly nothing: then only what cannot be done twice
// may be sent again.
const passing = ["ObjectAlreadyBeingUsedByAnotherRequestError", "RateLimitExceeded"];
const unsure = ["OperationTimeout", "UnexpectedError"];
const attempts = 5;

export class Client {
  constructor(
    readonly url: string,
    readonly apiKey: string,
    private readonly fetch: (url: string, request: RequestInit) => Promise<Response> = globalThis.fetch,
  ) {}

  /**
   * Sends an operation, and again after what passes. All attempts carry one idempotency key, so that the server makes
   * the change of a mutation once, even if the answer to the first attempt was lost on the way.
   */
  async send<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    idempotencyKey: string = randomUUID(),
  ): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(document, variables, idempotencyKey);
      } catch (error) {
        // An error that is no refusal is one of the connection.
        const mayPass = !(error instanceof Refused) || [...passing, ...unsure].includes(error.code);
        if (!mayPass || attempt === attempts) {
          throw error;
        }
        const pause = (error instanceof Refused && error.retryAfter) || 0.1 * 2 ** attempt * (0.5 + Math.random());
        await sleep(pause * 1000);
      }
    }
  }

  private async attempt<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    idempotencyKey: string,
  ): Promise<Result> {
    const isMutation = document.toString().trimStart().startsWith("mutation");
    const response = await this.fetch(`${this.url}/graphql`, {
      method: "POST",
      headers: {
        "X-API-KEY": this.apiKey,
        "Content-Type": "application/json",
        Accept: "application/graphql-response+json, application/json",
        ...(isMutation ? { "Idempotency-Key": idempotencyKey } : {}),
      },
      body: JSON.stringify({ query: document.toString(), variables }),
      signal: AbortSignal.timeout(35_000),
    });
    const answer = (await response.json()) as {
      data?: Result | null;
      errors?: { message: string; extensions?: Refused["facts"] }[];
    };
    const [error] = answer.errors ?? [];
    if (error) {
      const retryAfter = Number(response.headers.get("Retry-After")) || undefined;
      throw new Refused(error.message, error.extensions ?? {}, retryAfter);
    }
    if (!answer.data) {
      throw new Error(`status ${response.status} without data`);
    }
    return answer.data;
  }
}
