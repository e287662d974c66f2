"""What all tests share."""

from hypothesis import settings

# Machines are shared and noisy: an example that takes long says nothing about the code.
settings.register_profile("plantstream", deadline=None, print_blob=True)
settings.load_profile("plantstream")
