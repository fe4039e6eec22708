import { graphql } from "./generated/gql.js";

export const ProvisionCustomer = graphql(`
  mutation ProvisionCustomer($input: ProvisionCustomerInput!) {
    provisionCustomer(input: $input) {
      customer {
        customerId
      }
    }
  }
`);

export const UpdateCustomer = graphql(`
  mutation UpdateCustomer($input: UpdateCustomerInput!) {
    updateOneCustomer(input: $input) {
      name
      email
      version
      additionalMetaData
    }
  }
`);

export const ArchiveCustomer = graphql(`
  mutation ArchiveCustomer($input: ArchiveCustomerInput!) {
    archiveCustomer(input: $input) {
      customerId
      deletedAt
    }
  }
`);

export const GetCustomer = graphql(`
  query GetCustomer($customerId: String!) {
    getCustomerByRefId(input: { customerId: $customerId }) {
      name
      email
      version
      createdAt
    }
  }
`);

export const ListCustomers = graphql(`
  query ListCustomers($paging: CursorPaging!) {
    customers(paging: $paging, sorting: [{ field: customerId, direction: ASC }]) {
      edges {
        node {
          customerId
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);
