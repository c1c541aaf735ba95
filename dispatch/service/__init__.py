"""The live service: markets that are open, and everything that goes on around them. It knows nothing of HTTP."""
