"""The order management system: what a release needs of it, and its adapters."""
