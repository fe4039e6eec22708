/* eslint-disable */
import * as types from './graphql.js';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  mutation ProvisionCustomer($input: ProvisionCustomerInput!) {\n    provisionCustomer(input: $input) {\n      customer {\n        customerId\n      }\n    }\n  }\n": typeof types.ProvisionCustomerDocument,
    "\n  mutation UpdateCustomer($input: UpdateCustomerInput!) {\n    updateOneCustomer(input: $input) {\n      name\n      email\n      version\n      additionalMetaData\n    }\n  }\n": typeof types.UpdateCustomerDocument,
    "\n  mutation ArchiveCustomer($input: ArchiveCustomerInput!) {\n    archiveCustomer(input: $input) {\n      customerId\n      deletedAt\n    }\n  }\n": typeof types.ArchiveCustomerDocument,
    "\n  query GetCustomer($customerId: String!) {\n    getCustomerByRefId(input: { customerId: $customerId }) {\n      name\n      email\n      version\n      createdAt\n    }\n  }\n": typeof types.GetCustomerDocument,
    "\n  query ListCustomers($paging: CursorPaging!) {\n    customers(paging: $paging, sorting: [{ field: customerId, direction: ASC }]) {\n      edges {\n        node {\n          customerId\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.ListCustomersDocument,
};
const documents: Documents = {
    "\n  mutation ProvisionCustomer($input: ProvisionCustomerInput!) {\n    provisionCustomer(input: $input) {\n      customer {\n        customerId\n      }\n    }\n  }\n": types.ProvisionCustomerDocument,
    "\n  mutation UpdateCustomer($input: UpdateCustomerInput!) {\n    updateOneCustomer(input: $input) {\n      name\n      email\n      version\n      additionalMetaData\n    }\n  }\n": types.UpdateCustomerDocument,
    "\n  mutation ArchiveCustomer($input: ArchiveCustomerInput!) {\n    archiveCustomer(input: $input) {\n      customerId\n      deletedAt\n    }\n  }\n": types.ArchiveCustomerDocument,
    "\n  query GetCustomer($customerId: String!) {\n    getCustomerByRefId(input: { customerId: $customerId }) {\n      name\n      email\n      version\n      createdAt\n    }\n  }\n": types.GetCustomerDocument,
    "\n  query ListCustomers($paging: CursorPaging!) {\n    customers(paging: $paging, sorting: [{ field: customerId, direction: ASC }]) {\n      edges {\n        node {\n          customerId\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.ListCustomersDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ProvisionCustomer($input: ProvisionCustomerInput!) {\n    provisionCustomer(input: $input) {\n      customer {\n        customerId\n      }\n    }\n  }\n"): typeof import('./graphql.js').ProvisionCustomerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateCustomer($input: UpdateCustomerInput!) {\n    updateOneCustomer(input: $input) {\n      name\n      email\n      version\n      additionalMetaData\n    }\n  }\n"): typeof import('./graphql.js').UpdateCustomerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ArchiveCustomer($input: ArchiveCustomerInput!) {\n    archiveCustomer(input: $input) {\n      customerId\n      deletedAt\n    }\n  }\n"): typeof import('./graphql.js').ArchiveCustomerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query GetCustomer($customerId: String!) {\n    getCustomerByRefId(input: { customerId: $customerId }) {\n      name\n      email\n      version\n      createdAt\n    }\n  }\n"): typeof import('./graphql.js').GetCustomerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListCustomers($paging: CursorPaging!) {\n    customers(paging: $paging, sorting: [{ field: customerId, direction: ASC }]) {\n      edges {\n        node {\n          customerId\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): typeof import('./graphql.js').ListCustomersDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
