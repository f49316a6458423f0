"""Whether what the settings name is sound: keys, certificates, directories, room. Looked at, never changed."""
