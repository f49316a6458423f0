"""The record of a mailing: what it is, the states of its life, and when it goes."""
