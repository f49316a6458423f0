"""From a mailing's record to its queue file: whom it is for, what they get, what speaks against it."""
