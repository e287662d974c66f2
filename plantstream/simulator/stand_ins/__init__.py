"""Local stand-ins for what messages go to: a mailbox and providers, and somebody who answers."""
