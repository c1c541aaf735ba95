"""Places on the earth: distances, travel times, cells and zones."""
