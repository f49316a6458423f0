"""What operators look at: what is wrong now, what goes on, and what DNS says of the domains that send."""
