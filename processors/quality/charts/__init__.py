"""Statistical process control: limits, run rules, capability."""
