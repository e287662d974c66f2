"""Cycle times of equipment, and how long its batches take."""
