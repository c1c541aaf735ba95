"""A day played against a running service, through its HTTP API alone: merchants, customers and riders are robots."""
