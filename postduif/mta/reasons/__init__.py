"""Why mail is where it is: facts gathered from the daemon or the queue file, and answers made of them."""
