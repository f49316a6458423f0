"""What became of a mailing, read from its queue file while the MTA writes it. Nothing here changes that file."""
