// What the official Node SDK does with a sandbox; prints one JSON object.
import { createClient } from '@fluentcommerce/fc-connect-sdk';

const read = (name) => process.env[name];
const client = await createClient(
  {
    config: {
      baseUrl: read('SANDBOX_URL'),
      clientId: read('SANDBOX_CLIENT_ID'),
      clientSecret: read('SANDBOX_CLIENT_SECRET'),
      username: read('SANDBOX_USERNAME'),
      password: read('SANDBOX_PASSWORD'),
      retailerId: '1',
    },
  },
  { validateConnection: true },
);
const found = {};

const paged = await client.graphql({
  query: `query P($first: Int!, $after: String) {
    inventoryPositions(catalogue: {ref: "DEFAULT:1"}, first: $first, after: $after) {
      edges { cursor node { id ref onHand } } pageInfo { hasNextPage } } }`,
  variables: { first: 3 },
});
found.refs = paged.data.inventoryPositions.edges.map((edge) => edge.node.ref);

const create = `mutation M($input: CreateInventoryQuantityInput) {
  createInventoryQuantity(input: $input) { id ref status quantity } }`;
const catalogue = { ref: 'DEFAULT:1' };
const input = { ref: 'HOLD-1', type: 'PREORDER', quantity: 2, catalogue, position: { ref: found.refs[0], catalogue } };
found.created = (await client.graphql({ query: create, variables: { input } })).data.createInventoryQuantity;

try {
  await client.graphql({ query: create, variables: { input } });
  found.duplicate = 'accepted';
} catch (error) {
  found.duplicate = `${error.name}: ${error.message}`;
}
try {
  await client.graphql({ query: '{ inventoryQuantities(locationRef: "DC-1") { edges { node { id } } } }' });
  found.invalid = 'accepted';
} catch (error) {
  found.invalid = `${error.name}: ${error.message}`;
}

const event = { name: 'Check', entityType: 'INVENTORY_POSITION', entityRef: found.refs[0], attributes: {} };
const root = { rootEntityType: 'INVENTORY_CATALOGUE', rootEntityRef: 'DEFAULT:1', retailerId: '1' };
found.event = await client.sendEvent({ ...event, ...root }, 'sync');
const job = await client.createJob({ name: 'inventory', retailerId: '1' });
const entity = { skuRef: 'SKU-1', locationRef: 'DC-1', qty: 7, retailerId: '1' };
const batch = await client.sendBatch(job.id, { action: 'UPSERT', entityType: 'INVENTORY', entities: [entity] });
found.batch = await client.getBatchStatus(job.id, batch.id);

console.log(JSON.stringify(found));
