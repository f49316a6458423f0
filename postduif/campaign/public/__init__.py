"""The pages behind the links in mail, for whoever reads it: without sign-in, without cookies, without scripts."""
