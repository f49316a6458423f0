"""What `postduif check` looks at outside the file: keys, certificates, directories, ports, DNS. Nothing is changed."""
