"""The summary of a batch: what whoever releases or inspects it has to know."""
