"""People are told: words per channel, providers, and a delivery that loses nothing."""
