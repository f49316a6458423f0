"""The mail transfer agent: SMTP in, delivery, SMTP out."""
