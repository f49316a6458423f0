"""Pictures of mailings: kept once by their content, at an address that anybody may ask for."""
