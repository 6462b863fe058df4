"""Simulate, analyse and run the allocation of pre-orders at product launches."""
