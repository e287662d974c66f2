"""The plant file: everything about a plant, and nothing of it in the code."""
