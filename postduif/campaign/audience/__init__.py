"""Who mail can go to: people and what is known of them, selections of them, and why some get none."""
