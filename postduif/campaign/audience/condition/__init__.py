"""The small language in which people are chosen: read, checked, made into SQL, said in plain words."""
