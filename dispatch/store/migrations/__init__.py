"""How databases of older versions are brought to the form of this one; ``dispatch db upgrade`` runs what is missing."""
