"""What must be right before a mailing goes out: rules over plain facts, and who is left out by rule. docs/checks.md."""
