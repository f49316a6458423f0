"""What happens to mailings and what readers do, told to webhooks, by the machinery that tells them of mail."""
