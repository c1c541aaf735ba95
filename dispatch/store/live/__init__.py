"""What is true for a moment: positions, presence, notices of change, leases, rates. It can be lost without harm."""
