"""What crosses the wire: pydantic models, and how each comes from or becomes a value of the model."""
