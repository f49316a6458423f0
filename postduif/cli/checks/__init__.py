"""What `postduif check` looks at outside the file, beside `mta.soundness`: ports, DNS, rules. Nothing is changed."""
