"""Operations that a live account accepts, and those of the published example, which it rejects."""

from __future__ import annotations

VALID = {
    "position with quantities": """
        query PositionWithQuantities($cat: InventoryCatalogueKey!, $pos: String!, $types: [String!], $status: [String],
            $before: DateRange, $first: Int, $after: String) {
          inventoryPosition(ref: $pos, catalogue: $cat) { ref productRef locationRef onHand status
            quantities(type: $types, status: $status, expectedOn: $before, first: $first, after: $after) {
              edges { cursor node { ref type status quantity expectedOn createdOn updatedOn
                attributes { name type value } } }
              pageInfo { hasNextPage hasPreviousPage } } } }""",
    "positions by sku": """
        query PositionsBySku($cat: InventoryCatalogueKey, $sku: [String!], $loc: [String], $first: Int,
            $after: String) {
          inventoryPositions(catalogue: $cat, productRef: $sku, locationRef: $loc, first: $first, after: $after) {
            edges { cursor node { ref productRef locationRef onHand status } } pageInfo { hasNextPage } } }""",
    "quantity by ref": """
        query QuantityByRef($ref: String!, $cat: InventoryCatalogueKey!) {
          inventoryQuantity(ref: $ref, catalogue: $cat) { id ref type status quantity expectedOn
            position { ref productRef locationRef } attributes { name type value } } }""",
    "due reservations": """
        query DueReservations($cat: InventoryCatalogueKey, $window: DateRange, $first: Int, $after: String) {
          inventoryQuantities(catalogue: $cat, type: ["RESERVED"], status: ["ACTIVE"], expectedOn: $window,
              first: $first, after: $after) {
            edges { cursor node { ref quantity status expectedOn position { ref productRef locationRef }
              attributes { name type value } } } pageInfo { hasNextPage } } }""",
    "create a quantity": """
        mutation CreateQty($input: CreateInventoryQuantityInput) {
          createInventoryQuantity(input: $input) { id ref type status quantity expectedOn } }""",
    "update a quantity": """
        mutation UpdateQty($input: UpdateInventoryQuantityInput) {
          updateInventoryQuantity(input: $input) { id ref status quantity } }""",
    "aliased batch": """
        mutation Batch($input1: UpdateInventoryQuantityInput!, $input2: UpdateInventoryQuantityInput!) {
          updateInventoryQuantity1: updateInventoryQuantity(input: $input1) { ref status }
          updateInventoryQuantity2: updateInventoryQuantity(input: $input2) { ref status } }""",
    "new order": """
        mutation NewOrder($input: CreateOrderInput) {
          createOrder(input: $input) { id ref type status workflowRef
            items(first: 50) { edges { node { id ref quantity product { name } } } } } }""",
    "order by ref": """
        query OrderByRef($ref: String) {
          order(ref: $ref) { id ref status fulfilments(first: 20) { edges { node { id ref status type } } }
            items(first: 50) { edges { node { id ref quantity
              product { ... on VariantProduct { ref } ... on StandardProduct { ref } } } } } } }""",
    "orders by ref": """
        query OrdersByRef($ref: [String]) {
          orders(ref: $ref, first: 10) { edges { node { id ref status } } pageInfo { hasNextPage } } }""",
    "customer by ref": """
        query CustomerByRef($ref: String!) { customer(ref: $ref) { id ref status username primaryEmail } }""",
    "new fulfilment": """
        mutation NewFulfilment($input: CreateFulfilmentInput) { createFulfilment(input: $input) { id ref status } }""",
    "available to sell": """
        query Ats($cat: VirtualCatalogueKey, $sku: [String], $grp: [String], $first: Int, $after: String) {
          virtualPositions(catalogue: $cat, productRef: $sku, groupRef: $grp, first: $first, after: $after) {
            edges { cursor node { ref productRef groupRef quantity status type } } pageInfo { hasNextPage } } }""",
    "location": """
        query Loc($ref: String) {
          location(ref: $ref) { id ref status type primaryAddress { id ref } retailer { id ref } } }""",
    "who am I": "query WhoAmI { me { ref username primaryRetailer { id ref } } }",
    "product": """
        query Sku($ref: String!, $cat: ProductCatalogueKey!) {
          variantProduct(ref: $ref, catalogue: $cat) { ref status name gtin product { ref } } }""",
}

_ON_HAND = """
    query OnHand($sku: String!, $location: String!) {
      inventoryQuantities(skuRef: $sku, locationRef: $location, type: "LAST_ON_HAND", first: 1) {
        edges { node { quantity status } } } }"""
_RESERVED_FOR = """
    query Reserved($sku: String!, $shipDate: String!) {
      inventoryQuantities(skuRef: $sku, type: "RESERVED", status: "RESERVED", first: 100) {
        edges { node { quantity attributes { name value } } } } }"""
_ARRIVING = """
    query Arriving($sku: String!, $location: String!, $by: String!) {
      inventoryQuantities(skuRef: $sku, locationRef: $location, type: "EXPECTED", expectedOnBefore: $by) {
        edges { node { quantity expectedOn } } } }"""
_SET_STATUS = """
    mutation SetStatus($id: ID!) { updateInventoryQuantity(id: $id, status: "%s") { id status } }"""

# What the message of the rejection says.
INVALID = {
    "on hand, for the webhook": (_ON_HAND, "Unknown argument 'locationRef'"),
    "on hand, of one location": (
        '{ inventoryQuantities(locationRef: "DC-1", type: "LAST_ON_HAND") { edges { node { quantity } } } }',
        "Unknown argument 'locationRef'",
    ),
    "on hand, for a check": (_ON_HAND.replace("OnHand", "CheckOnHand"), "Unknown argument 'skuRef'"),
    "reserved, for the webhook": (_RESERVED_FOR, "'$shipDate' is never used"),
    "reserved, for a check": (_RESERVED_FOR.replace("Reserved(", "CheckReserved("), "Unknown argument 'skuRef'"),
    "arriving, for the webhook": (_ARRIVING, "Unknown argument 'expectedOnBefore'"),
    "arriving, for a check": (_ARRIVING.replace("Arriving(", "CheckArriving("), "Unknown argument 'skuRef'"),
    "create a reservation": (
        "mutation Reserve($input: InventoryQuantityInput!) { createInventoryQuantity(input: $input) { id ref } }",
        "Unknown type 'InventoryQuantityInput'",
    ),
    "today's reservations": (
        """query Today($shipDate: String!) {
             inventoryQuantities(type: "RESERVED", status: "RESERVED", expectedOn: $shipDate) {
               edges { node { id ref skuRef locationRef quantity attributes { name value } } } } }""",
        "Cannot query field 'skuRef' on type 'InventoryQuantity'",
    ),
    "confirm a reservation": (_SET_STATUS % "CONFIRMED", "Unknown argument 'id'"),
    "cancel for lack of stock": (_SET_STATUS % "CANCELLED", "Unknown argument 'status'"),
    "cancel for the customer": (
        'mutation Cancel($id: ID!) { updateInventoryQuantity(id: $id, status: "CANCELLED") { ref } }',
        "Unknown argument 'id'",
    ),
    "expire": (_SET_STATUS % "EXPIRED", "Unknown argument 'id'"),
    "find a reservation": (
        "query Find($ref: String!) { inventoryQuantities(ref: $ref, first: 1) { edges { node { id status } } } }",
        "expecting type '[String!]'",
    ),
}

# Fields that guides and templates name and that do not exist either.
NO_SUCH_FIELD = {
    "end cursor": "{ orders { pageInfo { endCursor } } }",
    "start cursor": "{ orders { pageInfo { startCursor } } }",
    "total count": "{ orders { totalCount } }",
    "nodes": "{ orders { nodes { id } } }",
    "total tax": "mutation($i: CreateOrderInput) { createOrder(input: $i) { totalTax } }",
    "qty": "mutation($i: UpdateInventoryQuantityInput) { updateInventoryQuantity(input: $i) { qty } }",
    "payload wrapper": "mutation($i: CreateOrderInput) { createOrder(input: $i) { order { id } } }",
    "inventories": "{ inventories { edges { node { id } } } }",
    "create inventory": 'mutation { createInventory(input: {ref: "a"}) { id } }',
    "retailer by ref": '{ retailer(ref: "R") { id } }',
    "product's ref": "{ orders { edges { node { items { edges { node { product { ref } } } } } } } }",
    "fulfilment's customer": '{ fulfilmentById(id: "1") { customer { id } } }',
    "delete": 'mutation { deleteInventoryQuantity(input: {ref: "a"}) { ref } }',
}

# Input objects that are wrong in themselves, as literals.
_QUANTITY = 'ref: "q", catalogue: {ref: "DEFAULT:1"}, position: {ref: "p", catalogue: {ref: "DEFAULT:1"}}, type: "T"'
BAD_INPUT = {
    "attribute without a type": f'createInventoryQuantity(input: {{{_QUANTITY}, quantity: 1, attributes: [{{name: "a", '
    'value: "b"}]}) { id }',
    "quantity with a status": f'createInventoryQuantity(input: {{{_QUANTITY}, quantity: 1, status: "A"}}) {{ id }}',
    "quantity with a sku": f'createInventoryQuantity(input: {{{_QUANTITY}, quantity: 1, skuRef: "A"}}) {{ id }}',
    "quantity of none": f"createInventoryQuantity(input: {{{_QUANTITY}}}) {{ id }}",
    "quantity as text": f'createInventoryQuantity(input: {{{_QUANTITY}, quantity: "1"}}) {{ id }}',
    "date alone": f'createInventoryQuantity(input: {{{_QUANTITY}, quantity: 1, expectedOn: "2025-02-15"}}) {{ id }}',
    "no catalogue": 'updateInventoryQuantity(input: {ref: "q", status: "RESERVED"}) { id }',
    "retailer's id": 'createOrder(input: {ref: "o", type: "HD", retailerId: 1, customer: {id: 1}, items: []}) { id }',
    "customer by ref": 'createOrder(input: {ref: "o", type: "HD", retailer: {id: 1}, customer: {ref: "c", email: "e"}, '
    "items: []}) { id }",
    "item of a sku": 'createOrder(input: {ref: "o", type: "HD", retailer: {id: 1}, customer: {id: 1}, '
    'items: [{ref: "1", skuRef: "A", quantity: 1}]}) { id }',
    "item at a location": 'createOrder(input: {ref: "o", type: "HD", retailer: {id: 1}, customer: {id: 1}, '
    'items: [{ref: "1", productRef: "A", quantity: 1, locationRef: "DC"}]}) { id }',
}
