import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { TypedDocumentString } from "./generated/graphql.js";

/** An error of the server. Decide by its code; docs/errors.md lists them. */
export class ServerError extends Error {
  readonly code: string;

  constructor(
    message: string,
    readonly extensions: { code?: string; [name: string]: unknown },
    /** Seconds to wait before a retry, if the server asked for a wait. */
    readonly retryAfter: number | undefined,
  ) {
    super(message);
    this.code = extensions.code ?? "UnexpectedError";
  }
}

// After the last two the change may have been made, so retrying needs an idempotency key.
const retryable = [
  "ObjectAlreadyBeingUsedByAnotherRequestError",
  "RateLimitExceeded",
  "OperationTimeout",
  "UnexpectedError",
];
const attempts = 5;

export class Client {
  constructor(
    readonly url: string,
    readonly apiKey: string,
    private readonly fetch: (url: string, request: RequestInit) => Promise<Response> = globalThis.fetch,
  ) {}

  /**
   * Sends an operation and retries it after errors that may be temporary. All attempts have the same idempotency key,
   * so the server carries out a mutation once, even if a response was lost.
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
        // Any other error comes from the connection.
        const retry = !(error instanceof ServerError) || retryable.includes(error.code);
        if (!retry || attempt === attempts) {
          throw error;
        }
        const pause = (error instanceof ServerError && error.retryAfter) || 0.1 * 2 ** attempt * (0.5 + Math.random());
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
    const result = (await response.json()) as {
      data?: Result | null;
      errors?: { message: string; extensions?: ServerError["extensions"] }[];
    };
    const [error] = result.errors ?? [];
    if (error) {
      const retryAfter = Number(response.headers.get("Retry-After")) || undefined;
      throw new ServerError(error.message, error.extensions ?? {}, retryAfter);
    }
    if (!result.data) {
      throw new Error(`status ${response.status} without data`);
    }
    return result.data;
  }
}
