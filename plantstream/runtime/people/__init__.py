"""People who sign: who they are, what they prove it by, and how often they may try."""
