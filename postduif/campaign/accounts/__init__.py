"""Who may do what on the pages and by the API: people, roles, sessions, tokens, approvals, and what was done."""
