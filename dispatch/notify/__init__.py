"""Messages to people: what they are told, in which language, over which channels, and whether it got there."""
