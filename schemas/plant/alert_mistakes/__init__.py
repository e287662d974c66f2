"""What is wrong with the parts of a plant file about alerts: all of it, before anything starts."""
