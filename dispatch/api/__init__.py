"""The HTTP surface. Endpoints are thin: they check, ask the service, and put the answer into the shape of the wire."""
