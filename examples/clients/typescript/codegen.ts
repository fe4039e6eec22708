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
        // The operation documents by their hash, for servers that accept only persisted documents.
        persistedDocuments: { hashAlgorithm: "sha256" },
      },
      config: {
        // Documents are strings at run time, so no library is needed.
        documentMode: "string",
        enumsAsTypes: true,
        // Optional fields are left out; they cannot be undefined.
        inputMaybeValue: "T | null",
        useTypeImports: true,
        // A scalar that is missing here is an error, not an `any`.
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
