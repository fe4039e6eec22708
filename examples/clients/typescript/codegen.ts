import type { CodegenConfig } from "@graphql-codegen/cli";

const url = process.env["CLIENTELE_URL"] ?? "http://127.0.0.1:8080";

const config: CodegenConfig = {
  schema: `${url}/schema.graphql`,
  documents: "src/operations.ts",
  generates: {
    "src/generated/": {
      preset: "client",
      presetConfig: {
        fragmentMasking: false,
        // The documents by their hash: what a server takes as the only ones that it answers.
        persistedDocuments: { hashAlgorithm: "sha256" },
      },
      config: {
        // At run time a document is its text, and needs no library.
        documentMode: "string",
        enumsAsTypes: true,
        // What may be left out is left out, not undefined.
        inputMaybeValue: "T | null",
        useTypeImports: true,
        // A scalar that is not named here is an error, not an `any`.
        strictScalars: true,
        scalars: {
          ConnectionCursor: "string",
          DateTime: "../scalars.js#DateTime",
          JSON: "../scalars.js#Json",
        },
      },
    },
  },
  emitLegacyCommonJSImports: false,
};

export default config;
