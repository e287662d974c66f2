"""The command `plantstream`."""


def main() -> None:
    """Run the command line."""
